// Load on one address, from a process that can be kept on a core of its own. Prints autocannon's result.
import autocannon from 'autocannon';

const { url, key, connections, seconds } = JSON.parse(process.argv[2]);
const result = await autocannon({ url, connections, duration: seconds, headers: { 'x-api-key': key } });
const { requests, latency, errors, non2xx, timeouts } = result;
console.log(
  JSON.stringify({ rate: requests.average, p50: latency.p50, p99: latency.p99, bad: errors + non2xx + timeouts }),
);
process.exit(0);
