/** Pulumi runs on a queue of its own, few at a time; its name follows the main queue's. */
export function stacksQueue(mainQueue: string): string {
  return `${mainQueue}-stacks`;
}

/** Sweeps run on a queue of their own: a worker that stops ends them at once, and drains the others. */
export function sweepsQueue(mainQueue: string): string {
  return `${mainQueue}-sweeps`;
}
