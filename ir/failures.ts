// What can go wrong in a kernel: the checks in it.
import type { Kernel, Stmt } from "./kernel.js";

const known = new WeakMap<Kernel, readonly number[]>();

/** The entries of the failure table that a kernel's checks name. */
export function failuresOf(kernel: Kernel): readonly number[] {
  let failures = known.get(kernel);
  if (!failures) known.set(kernel, (failures = checkedIn(kernel)));
  return failures;
}

function checkedIn(kernel: Kernel): readonly number[] {
  const found = new Set<number>();
  const visit = (body: readonly Stmt[]): void => {
    for (const s of body) {
      if (s.kind === "check") found.add(s.failure);
      else if (s.kind === "for") visit(s.body);
      else if (s.kind === "if") [s.then, s.else ?? []].forEach(visit);
    }
  };
  kernel.stages.flat().forEach((space) => visit(space.body));
  return [...found];
}
