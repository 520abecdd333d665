/** Sends requests without pause and remembers what went wrong. */
import { Agent, get } from 'node:http';

export interface Load {
  answered(): number;
  /** Ends the load. @returns every failure, and who answered the rest. */
  stop(): Promise<LoadReport>;
}

export interface LoadReport {
  answered: number;
  failures: string[];
  /** Answers by the version that gave them, in the order of first appearance. */
  versions: Record<string, number>;
  /** The workload processes that answered. */
  pids: Set<number>;
}

/** A status other than 200 is a failure too. */
export function startLoad(url: string, parallel = 4): Load {
  const report: LoadReport = { answered: 0, failures: [], versions: {}, pids: new Set() };
  const agent = new Agent({ keepAlive: true });
  let running = true;
  const senders = Array.from({ length: parallel }, async () => {
    while (running) {
      try {
        const { version, pid } = JSON.parse(await request(url, agent)) as { version: string; pid: number };
        report.pids.add(pid);
        report.answered += 1;
        report.versions[version] = (report.versions[version] ?? 0) + 1;
      } catch (error) {
        report.failures.push(String(error));
      }
    }
  });
  return {
    answered: () => report.answered,
    async stop() {
      running = false;
      await Promise.all(senders);
      agent.destroy();
      return report;
    },
  };
}

async function request(url: string, agent: Agent): Promise<string> {
  return await new Promise((resolve, reject) => {
    const call = get(url, { agent, timeout: 20_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${response.statusCode}: ${body}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 20 s')));
    call.on('error', reject);
  });
}
