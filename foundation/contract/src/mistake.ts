/** Mistakes that the compiler answers with a sentence. */

/** A type nothing is assignable to; its name is the message. */
export interface Mistake<Sentence extends string> {
  readonly "~mistake": Sentence;
}

/** Refuses members of `T` that `Spec` does not have: `{ acces: "public" }` is a mistake, not an extra. */
export type Known<T, Spec> = {
  readonly [K in Exclude<keyof T, keyof Spec>]: Mistake<`'${K & string}' is not an option here`>;
};

/** The member `K` of `T`, or undefined where there is none. */
export type At<T, K extends string> = T extends { readonly [P in K]: infer V } ? V : undefined;

/** The members of `T[K]`, or of nothing. */
export type Members<T, K extends string> = At<T, K> extends infer V ? (V extends undefined ? {} : V) : {};
