/**
 * The weight of a GraphQL document, counted before it is validated or executed (A2).
 * @module
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";

/** The weight of a selection, with all fragments expanded. */
export interface Weight {
  /** Levels of fields. */
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

const NOTHING: Weight = { depth: 0, fields: 0, aliases: 0 };

/** A fragment that contains itself: expanded, it never ends. */
const ENDLESS: Weight = { ...NOTHING, depth: Infinity };

/**
 * The weight of all operations together, and of fragments that none of them spreads: validation looks
 * into those, too. Linear in the document: each fragment is weighed once, however often it is spread.
 * Unknown fragments weigh nothing; validation refuses them.
 */
export function weigh(document: DocumentNode): Weight {
  const fragments = fragmentsOf(document);
  const known = new Map<string, Weight>();
  const operations = document.definitions
    .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
    .map(({ selectionSet }) => weighSelections(selectionSet, fragments, known));
  const unspread = [...fragments.keys()]
    .flatMap((name) => known.has(name) ? [] : [weighFragment(name, fragments, known)]);
  return [...operations, ...unspread].reduce(add, NOTHING);
}

/** How many fields of a mutation would be executed one after the other: distinct response names (A2). */
export function countRootFields(
  document: DocumentNode,
  operation: OperationDefinitionNode,
): number {
  const fragments = fragmentsOf(document);
  const names = new Set<string>();
  const seen = new Set<string>();
  const collect = ({ selections }: SelectionSetNode) => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        if (!selection.name.value.startsWith("__")) {
          names.add((selection.alias ?? selection.name).value);
        }
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        collect(selection.selectionSet);
      } else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        if (fragment !== undefined) collect(fragment.selectionSet);
      }
    }
  };
  collect(operation.selectionSet);
  return names.size;
}

function weighSelections(
  { selections }: SelectionSetNode,
  fragments: Fragments,
  known: Map<string, Weight>,
): Weight {
  let total = NOTHING;
  for (const selection of selections) {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      total = add(total, weighFragment(selection.name.value, fragments, known));
      continue;
    }
    const inner = selection.selectionSet === undefined
      ? NOTHING
      : weighSelections(selection.selectionSet, fragments, known);
    if (selection.kind === Kind.INLINE_FRAGMENT) total = add(total, inner);
    else {
      total = add(total, {
        depth: inner.depth + 1,
        fields: inner.fields + 1,
        aliases: inner.aliases + (selection.alias === undefined ? 0 : 1),
      });
    }
  }
  return total;
}

function weighFragment(name: string, fragments: Fragments, known: Map<string, Weight>): Weight {
  const weighed = known.get(name);
  if (weighed !== undefined) return weighed;
  const fragment = fragments.get(name);
  if (fragment === undefined) return NOTHING;
  known.set(name, ENDLESS); // until it is weighed
  const weight = weighSelections(fragment.selectionSet, fragments, known);
  known.set(name, weight);
  return weight;
}

function fragmentsOf(document: DocumentNode): Fragments {
  const fragments = document.definitions
    .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}

function add(a: Weight, b: Weight): Weight {
  return {
    depth: Math.max(a.depth, b.depth),
    fields: a.fields + b.fields,
    aliases: a.aliases + b.aliases,
  };
}
