/** What a project may look like: colours that white and black pages both carry. The desk gives them in turn. */
export const projectColors: string[] = [
  "#5b6ee1",
  "#2f9e6e",
  "#c2621b",
  "#a23fb0",
  "#1c8ca8",
  "#c43d5c",
  "#7a6a1f",
  "#5f6b7a",
];
