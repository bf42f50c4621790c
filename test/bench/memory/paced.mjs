// Requests at an even pace over connections that stay open, each timed from the moment it was due: a server that falls behind
// is asked no less for it. autocannon sends what its rate allows at the begin of each second, on all connections at once,
// which measures how long a thousand requests stand in line.
import { connect } from 'node:net';

const { url, key, connections, seconds, perSecond } = JSON.parse(process.argv[2]);
const { hostname, port, pathname } = new URL(url);
const request = `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nX-API-Key: ${key}\r\n\r\n`;
/** Of which nothing is counted: connections are made, code is compiled. */
const WARM_MS = 1_000;

const idle = [];
const late = [];
const times = [];
let [bad, begun] = [0, 0];

const send = (connection, due) => {
  connection.due = due;
  connection.socket.write(request);
};

const done = (connection) => {
  const now = performance.now();
  if (connection.due - begun > WARM_MS) times.push(now - connection.due);
  const next = late.shift();
  if (next === undefined) idle.push(connection);
  else send(connection, next);
};

const receive = (connection, chunk) => {
  connection.text += chunk;
  const head = connection.text.indexOf('\r\n\r\n');
  if (head < 0) return;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(connection.text)?.[1] ?? 0);
  if (connection.text.length < head + 4 + length) return;
  if (!connection.text.startsWith('HTTP/1.1 200')) bad++;
  connection.text = '';
  done(connection);
};

const open = () =>
  new Promise((ready, failed) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const connection = { socket, text: '', due: 0 };
    socket.setEncoding('latin1');
    socket.once('connect', () => ready(connection));
    socket.on('error', failed);
    socket.on('data', (chunk) => receive(connection, chunk));
  });

for (let n = 0; n < connections; n++) idle.push(await open());
begun = performance.now();
let sent = 0;
await new Promise((over) => {
  const timer = setInterval(() => {
    const now = performance.now();
    for (let due = begun + (sent * 1000) / perSecond; due <= now; due = begun + (++sent * 1000) / perSecond) {
      const connection = idle.shift();
      if (connection === undefined) late.push(due);
      else send(connection, due);
    }
    if (now - begun < seconds * 1000 + WARM_MS) return;
    clearInterval(timer);
    over();
  }, 1);
});
// What is on its way is waited for; who was not answered by then is an error.
await new Promise((rest) => setTimeout(rest, 1_000));
bad += connections - idle.length + late.length;
times.sort((a, b) => a - b);
const at = (q) => times[Math.min(times.length - 1, Math.floor(times.length * q))];
console.log(JSON.stringify({ rate: times.length / seconds, p50: at(0.5), p99: at(0.99), bad }));
process.exit(0);
