/** What a code says to a person: one or two sentences each, ended by a full stop. */
export interface CodeText {
  means: string;
  whatToDo: string;
}
