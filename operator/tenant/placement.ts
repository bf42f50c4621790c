import type { PlacementCount } from '../catalogue/catalogue.js';

export interface PlaceableDatabase {
  readonly name: string;
  readonly capacity: number;
  readonly placement: 'Open' | 'Drain';
}

/** The open database with the fewest tenants, retained ones included: they come back to where their data is. */
export function choosePlacement(
  databases: readonly PlaceableDatabase[],
  counts: readonly PlacementCount[],
): string | undefined {
  const held = (name: string): number =>
    counts.filter((count) => count.database === name).reduce((sum, count) => sum + count.tenants, 0);
  return databases
    .filter((database) => database.placement === 'Open' && held(database.name) < database.capacity)
    .map((database) => ({ name: database.name, held: held(database.name) }))
    .sort((a, b) => a.held - b.held || a.name.localeCompare(b.name))[0]?.name;
}
