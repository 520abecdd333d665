/** Pulumi runs on a queue of its own, few at a time; its name follows the main queue's. */
export function stacksQueue(mainQueue: string): string {
  return `${mainQueue}-stacks`;
}
