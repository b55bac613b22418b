/** `from` stands exactly once in its file. */
export interface Edit {
  file: string;
  from: string;
  to: string;
}

export interface Mutation {
  name: string;
  /** What goes wrong. */
  why: string;
  edits: readonly Edit[];
}

export const MUTATIONS: readonly Mutation[];
