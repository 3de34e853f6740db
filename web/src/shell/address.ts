/**
 * The address with some of its search changed and the rest kept. Used where a component serves several
 * routes, so that the router's types cannot name the one it stands on; each route still checks what it reads.
 */
export function changed(change: object = {}): never {
  return ((search: object) => ({ ...search, ...change })) as never;
}
