// The least and the most that an expression can cost, before it has seen data: from its shape and the declared sizes.
// These numbers decide which rules a CustomResourceDefinition may have, so they are upstream's to the unit.
// Reads: an annotated tree, the variables' types. Writes: a Range. Mirrors: cel-go's checker/cost.go.
// Next: estimateCall.ts prices calls; sizes.ts remembers how large results are.
import { accumulator, type Call, type Expr, type Fold, type Select } from '../syntax/ast.ts';
import type { CelType } from '../types.ts';
import { estimateOverload, type Node } from './estimateCall.ts';
import { add, multiply, type Range, range, union, zero } from './range.ts';
import { type Entry, Sizes } from './sizes.ts';

export function estimateCost(tree: Expr, variables: Readonly<Record<string, CelType>>): Range {
  return new Estimator(new Sizes(variables)).cost(tree);
}

class Estimator {
  private readonly known = new Map<Expr, Range>();
  private readonly sizes: Sizes;
  constructor(sizes: Sizes) {
    this.sizes = sizes;
  }

  cost(e: Expr): Range {
    const known = this.known.get(e);
    if (known) return known;
    const cost = this.costOf(e);
    this.known.set(e, cost);
    return cost;
  }

  private costOf(e: Expr): Range {
    switch (e.kind) {
      case 'const':
        return zero;
      case 'ident':
        this.sizes.setPath(e, this.sizes.local(e.name)?.path ?? [e.name]);
        return range(1);
      case 'select':
        return this.select(e);
      case 'call':
        return this.call(e);
      case 'list': {
        const costs = e.elems.map((v) => this.cost(v));
        this.sizes.setEntry(e, { kind: 'list', key: range(1), value: this.joint(e.elems) });
        return add(...costs, range(10));
      }
      case 'map': {
        const costs = e.entries.flatMap((x) => [this.cost(x.key), this.cost(x.value)]);
        const [keys, values] = [e.entries.map((x) => x.key), e.entries.map((x) => x.value)];
        this.sizes.setEntry(e, { kind: 'map', key: this.joint(keys), value: this.joint(values) });
        return add(...costs, range(30));
      }
      case 'struct':
        return add(...e.fields.map((x) => this.cost(x.value)), range(40));
      case 'fold':
        return isBind(e) ? this.bind(e) : this.fold(e);
    }
  }

  /** The sizes that any of these may have. */
  private joint(elems: Expr[]): Range {
    if (elems.length === 0) return zero;
    return elems.map((v) => this.sizes.orUnknown(v)).reduce(union);
  }

  private select(e: Select): Range {
    if (e.reference !== undefined) {
      this.sizes.setPath(e, [e.reference]);
      return range(1);
    }
    const operand = this.cost(e.operand);
    // has() itself is free, as it was in the first versions.
    if (e.testOnly) return operand;
    this.sizes.setPath(e, [...this.sizes.path(e.operand), e.field]);
    const counted = ['map', 'object', 'param'].includes(e.operand.type!.kind);
    return counted ? add(operand, range(1)) : operand;
  }

  private node(e: Expr): Node {
    const path = this.sizes.path(e);
    return { e, path: path[0] === accumulator ? [] : path, type: e.type!, size: this.sizes.of(e) };
  }

  private call(e: Call): Range {
    if (e.fn === 'dyn' && !e.target) return this.dyn(e);
    const costs = e.args.map((a) => this.cost(a));
    const args = e.args.map((a) => this.node(a));
    const ids = e.fn === '_?._' ? ['select_optional_field'] : (e.overloads ?? []).map((o) => o.id);
    const targetCost = e.target ? this.cost(e.target) : zero;
    const target = e.target && this.node(e.target);
    let cost: Range | undefined;
    let size: Range | undefined;
    for (const id of ids) {
      const estimate = this.overload(e, id, target, args, costs);
      cost = cost ? union(cost, estimate.cost) : estimate.cost;
      if (estimate.size) size = size ? union(size, estimate.size) : estimate.size;
      size = this.indexed(e, id) ?? size ?? this.sizes.of(e);
    }
    if (size) this.sizes.setSize(e, size);
    return add(targetCost, cost ?? zero);
  }

  /** Reading through an index goes on along the path of what is indexed. */
  private indexed(e: Call, id: string): Range | undefined {
    if (id !== 'index_list' && id !== 'index_map') return undefined;
    const [container] = e.args as [Expr];
    this.sizes.setPath(e, [...this.sizes.path(container), id === 'index_list' ? '@items' : '@values']);
    return this.sizes.entry(container)?.value;
  }

  private dyn(e: Call): Range {
    const cost = add(this.cost(e.args[0]!), range(1));
    this.sizes.copy(e, e.args[0]!);
    return cost;
  }

  private overload(e: Call, id: string, target: Node | undefined, args: Node[], costs: Range[]) {
    const [a, b, c] = costs as [Range, Range, Range];
    if (id === 'logical_or' || id === 'logical_and') return { cost: { min: a.min, max: add(a, b).max } };
    if (id === 'conditional') {
      const [, yes, no] = e.args as [Expr, Expr, Expr];
      this.sizes.setEntry(e, joinEntries(this.sizes.entry(yes), this.sizes.entry(no)));
      return { cost: add(a, union(b, c)), size: union(this.sizes.orUnknown(yes), this.sizes.orUnknown(no)) };
    }
    if (/^add_(string|bytes|list)$/.test(id))
      this.sizes.setEntry(e, joinEntries(this.sizes.entry(e.args[0]!), this.sizes.entry(e.args[1]!)));
    const estimate = estimateOverload(e.fn, id, target, args, this.sizes);
    return { cost: add(estimate.cost, ...costs), size: estimate.size };
  }

  private fold(e: Fold): Range {
    const [rangeCost, init] = [this.cost(e.range), this.cost(e.init)];
    this.sizes.push(e.accuVar, {
      path: this.sizes.path(e.init),
      size: this.sizes.of(e.init),
      entry: this.sizes.entry(e.init),
    });
    for (const [name, variable] of this.sizes.iterated(e)) this.sizes.push(name, variable);
    const turn = add(this.cost(e.condition), this.cost(e.step));
    this.sizes.pop(e.iterVar);
    if (e.iterVar2 !== undefined) this.sizes.pop(e.iterVar2);
    const result = this.cost(e.result);
    this.sizes.pop(e.accuVar);
    const turns = this.sizes.orUnknown(e.range);
    if (e.init.kind === 'const') this.sizes.setSize(e, this.sizes.of(e.init));
    if (e.init.kind === 'list' || e.init.kind === 'map') {
      this.sizes.setSize(e, turns);
      this.sizes.setEntry(e, this.sizes.entry(e.step));
    }
    return add(rangeCost, init, result, multiply(turns, turn));
  }

  private bind(e: Fold): Range {
    const costs = [this.cost(e.range), this.cost(e.init)];
    this.sizes.push(e.accuVar, {
      path: this.sizes.path(e.init),
      size: this.sizes.of(e.init),
      entry: this.sizes.entry(e.init),
    });
    const result = this.cost(e.result);
    this.sizes.pop(e.accuVar);
    this.sizes.copy(e, e.result);
    return add(...costs, result);
  }
}

const isBind = (e: Fold) => e.condition.kind === 'const' && e.condition.value === false && e.accuVar !== accumulator;
const joinEntries = (a: Entry | undefined, b: Entry | undefined): Entry | undefined =>
  a && b && { kind: a.kind, key: union(a.key, b.key), value: union(a.value, b.value) };
