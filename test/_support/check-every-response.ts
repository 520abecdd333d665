/** Run by vitest beside each file: a test that saw a response of an API without its standard headers fails. */
import { afterAll, afterEach } from 'vitest';
import { takeResponses } from './every-response.ts';

const check = () => {
  const { wrong } = takeResponses();
  if (wrong.length > 0) throw new Error(`Responses lack what every response carries:\n${wrong.join('\n')}`);
};
afterEach(check);
// For what a beforeAll or an afterAll saw.
afterAll(check);
