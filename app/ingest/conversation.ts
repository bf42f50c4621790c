import type { Message } from '../extraction/extractor.js';
import { problemAt } from '../memories/plan.js';
import type { Ingest } from './schema.js';

const SPEAKER = /^(user|human|assistant|ai|bot|system|tool)\s*:\s*/i;
const ROLES: Readonly<Record<string, Message['role']>> = {
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  ai: 'assistant',
  bot: 'assistant',
  system: 'system',
  tool: 'tool',
};

/** What was said, from either form of the request. */
export const readMessages = ({ conversation_text: text, messages }: Ingest): readonly Message[] => {
  if ((text === undefined) === (messages === undefined)) {
    throw problemAt('invalid_request', '/messages', 'The request needs either conversation_text or messages.');
  }
  return messages ?? readTranscript(text ?? '');
};

/** `User: …` begins what a person said and `Assistant: …` what was answered; without any, all was said by the user. */
const readTranscript = (text: string): readonly Message[] => {
  const messages: { role: Message['role']; content: string }[] = [];
  for (const line of text.split(/\r?\n/)) {
    const speaker = SPEAKER.exec(line)?.[1]?.toLowerCase();
    const content = line.replace(SPEAKER, '').trim();
    const last = messages.at(-1);
    if (speaker !== undefined || !last) messages.push({ role: ROLES[speaker ?? 'user'] ?? 'user', content });
    else last.content = `${last.content}\n${content}`;
  }
  return messages.map((message) => ({ ...message, content: message.content.trim() })).filter(({ content }) => content);
};
