/** The lines of a streamed answer, as they arrive. */
export async function* readLines(response: Response): AsyncGenerator<string> {
  if (!response.body) return;
  let partial = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (partial + text).split('\n');
    partial = lines.pop() ?? '';
    yield* lines;
  }
}
