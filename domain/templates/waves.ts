/** What has to be there before what. Both by symbols. */
export type Dependencies = ReadonlyMap<string, ReadonlySet<string>>;

/** Each symbol's wave, counted from 0: one more than that of the last that it depends on. Or the way around a cycle. */
export function wavesOf(dependencies: Dependencies): { waves: Map<string, number> } | { cycle: string[] } {
  const waves = new Map<string, number>();
  for (const start of dependencies.keys()) {
    const cycle = visit(start, dependencies, waves);
    if (cycle) return { cycle };
  }
  return { waves };
}

/** Depth first with a stack of its own: as deep as there are resources. */
function visit(start: string, dependencies: Dependencies, waves: Map<string, number>): string[] | null {
  const path: { symbol: string; left: Iterator<string>; wave: number }[] = [];
  const onPath = new Set<string>();
  const enter = (symbol: string) => {
    path.push({ symbol, left: (dependencies.get(symbol) ?? new Set<string>()).values(), wave: 0 });
    onPath.add(symbol);
  };
  if (!waves.has(start)) enter(start);
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const next = top.left.next();
    if (next.done) {
      path.pop();
      onPath.delete(top.symbol);
      waves.set(top.symbol, top.wave);
      const above = path.at(-1);
      if (above) above.wave = Math.max(above.wave, top.wave + 1);
    } else if (onPath.has(next.value)) {
      const symbols = path.map(({ symbol }) => symbol);
      return [...symbols.slice(symbols.indexOf(next.value)), next.value];
    } else {
      const done = waves.get(next.value);
      if (done === undefined) enter(next.value);
      else top.wave = Math.max(top.wave, done + 1);
    }
  }
  return null;
}
