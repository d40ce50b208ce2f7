// What is true of one kind of object, as data: the row that every mechanism of the API server reads.
// A built-in kind is a file here that exports one Kind and a line in kinds.ts; a CustomResourceDefinition becomes the same value at run time.
// Mirrors: what upstream spreads over types.go, defaults.go, validation.go, strategy.go, storage.go and printers.go.
// Next: ../handlers/, which take a request through defaults, admission, validation and storage by these fields.
import type { FieldError } from '../../apimachinery/fieldErrors.ts';
import type { Convert } from '../../apimachinery/managedfields/takeFields.ts';
import type { DeleteOptions, KubeObject, UserInfo } from '../../apimachinery/types.ts';
import type { FeatureGates } from '../../component-base/featureGates.ts';
import type { Authenticator } from '../authentication/authenticator.ts';
import type { TokenIssuer } from '../authentication/tokenIssuer.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { Cached, ResourceCache } from '../storage/cached.ts';
import type { Store } from '../storage/store.ts';
import type { Cluster } from './cluster.ts';

export type Verb = 'create' | 'get' | 'list' | 'watch' | 'update' | 'patch' | 'delete' | 'deletecollection';
export const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** What a hook may know of the request that it runs in. */
export interface Context {
  user: UserInfo;
  /** Milliseconds. */
  now(): number;
  /** The other objects of this cluster, read and written in process. */
  cluster: Cluster;
  /** For the little that hooks keep outside of objects, such as the bitmap of node ports; by compare-and-swap only. */
  store: Store;
  /** What every key begins with: `/registry`. */
  keyPrefix: string;
  /** Whose a credential is: TokenReview asks. */
  authentication: Authenticator;
  /** Who may do what: access reviews and RBAC's escalation rules ask. */
  authorization: Authorizer;
  /** Signs ServiceAccount tokens: TokenRequest asks. */
  tokens: TokenIssuer;
  features: FeatureGates;
  dryRun: boolean;
  /** Adds a Warning header to the answer. */
  warn(text: string): void;
}

/** One printed column. `value` gives the cell; priority 0 shows always, 1 with -o wide. */
export interface Column {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format?: string;
  description: string;
  priority?: number;
  value(object: KubeObject, now: number): unknown;
}

/** `Completed`, the one type there is: the object has run its course. */
export interface TableRowCondition {
  type: 'Completed';
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
}

/** Undoes an allocation when the write that it was made for fails. */
export type Undo = () => Promise<void>;

export interface Kind {
  group: string;
  version: string;
  kind: string;
  plural: string;
  /** Absent: the kind in lower case. */
  singular?: string;
  /** Absent: the kind with `List`. */
  listKind?: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
  namespaced: boolean;
  /** The OpenAPI definition, such as `io.k8s.api.apps.v1.Deployment`. */
  schema: string;
  /** Absent: all eight. A kind without `storage` is answered by `create` alone and never stored. */
  verbs?: readonly Verb[];
  /** Where its objects live under /registry/ (`deployments`, `services/specs`, `minions`). Absent: not stored (reviews). */
  storage?: string;
  /**
   * This row is another version of a stored kind: the names of that row, and both ways between the forms (pure, on fresh objects).
   * All other hooks of such a row see objects in this row's own form.
   */
  storedAs?: {
    group: string;
    version: string;
    plural: string;
    toStored(object: KubeObject): KubeObject;
    fromStored(object: KubeObject): KubeObject;
  };

  /** Served only while this feature gate is on, whatever --runtime-config says. */
  gate?: string;
  /** Members that are others under these feature gates than under v1.35's defaults; asked once, as the server starts. */
  withGates?(gates: FeatureGates): Partial<Kind>;
  /** Custom resources: how they are stored, and what OpenAPI says of them. */
  stored?: StoredForms;
  custom?: CustomSchema;
  /**
   * Makes a parsed body an object of this kind, in place, and names the fields that it dropped (`spec.items[0].foo`).
   * Absent: by the types of `schema`. Throws a DecodeError.
   */
  decode?(object: any): { object: any; unknown: string[] };

  /** Fills defaults in, in place, on every write and on reading what was stored without them; idempotent. */
  defaults?(object: any): void;
  /** Nodes register themselves with their status: a create keeps what the client sent. Absent: it starts empty. */
  statusOnCreate?: boolean;
  /** Sets what the client may not choose, in place; generic metadata, status and generation are already done. */
  prepareCreate?(object: any, context: Context): void;
  /** The same for updates of the main resource; keeps what is kept when the client leaves it out. */
  prepareUpdate?(object: any, old: any, context: Context): void;
  /**
   * Refuses a write that this user may not make although the verb is allowed (a role that grants more than its writer holds).
   * Runs after mutating admission and defaults, before `validate`, with dryRun too; throws a StatusError.
   */
  authorizeWrite?(object: any, old: any | undefined, context: Context): Promise<void>;
  /** All rules of a single object; must leave it unchanged. metadata's generic rules are checked elsewhere, its name by `validateName`. */
  validate?(object: any): FieldError[];
  /**
   * What the rules and warnings of a creation look at in metadata, as text: two objects for which this and everything but metadata are the
   * same are both fine or neither is. Undefined: this one is like no other. Absent: so is each. Only for kinds without `allocate`.
   */
  judgedBy?(object: any): string | undefined;
  /** Rules that only a creation must keep; runs besides `validate`. */
  validateCreate?(object: any): FieldError[];
  /** Rules between old and new: immutable fields; runs besides `validate`. `sound`: the object by itself is known to keep all rules. */
  validateUpdate?(object: any, old: any, sound?: boolean): FieldError[];
  /** Why this is no name for the kind (`name must …`), one text a broken rule; absent: a DNS subdomain. */
  validateName?(name: string, prefix: boolean): string[];
  warnings?(object: any, old: any | undefined): string[];
  /** Sent as Warnings with the answer to a DELETE with these options, of one object or of a collection. */
  deletionWarnings?(options: DeleteOptions): string[];
  /** Sent as a Warning with every answer about this kind, reads too: `v1 Endpoints is deprecated in v1.33+; use …`. */
  deprecation?: string;
  /** Claims what lives outside the object (a ClusterIP, node ports) before it is stored; may change the object. */
  allocate?(object: any, old: any | undefined, context: Context): Promise<Undo | undefined>;
  /** Gives back what the object held and `now` does not: after its deletion (`now` is absent), and after an update is stored. */
  release?(object: any, context: Context, now?: any): Promise<void>;
  /** Seconds that the store keeps the object, counted anew on each write (Events). */
  ttl?(object: any): number;

  /** Field paths, dotted, that creates and updates of the main resource do not own; absent: `status`, when there is such a subresource. */
  resets?: readonly string[];
  /** True: metadata.generation starts at 1 and grows when anything but metadata and status changes. A function decides by itself. */
  generation?: boolean | ((object: any, old: any) => boolean);
  /** PUT to a name that is absent creates it (upstream's AllowCreateOnUpdate). */
  createOnUpdate?: boolean;
  /** PUT without resourceVersion overwrites (AllowUnconditionalUpdate). Absent: true. */
  unconditionalUpdate?: boolean;
  /** DELETE answers with the object instead of a Status. */
  deleteReturnsObject?: boolean;
  /** Seconds of grace for this deletion, when the kind is deleted gracefully; undefined or 0: at once. */
  gracePeriod?(object: any, options: DeleteOptions, context: Context): number | undefined;
  /** Changes the object as its deletion begins (a Namespace turns Terminating). */
  markDeleted?(object: any): void;
  /** Keeps the object although metadata.finalizers is empty (a Namespace's spec.finalizers). */
  heldByFinalizers?(object: any): boolean;
  /** Default for DELETE without propagation policy: Orphan for the oldest kinds' versions. Absent: Background. Unsupported: no policy counts. */
  defaultPropagation?: 'Orphan' | 'Background' | 'Unsupported';

  subresources?: readonly Subresource[];
  /** Absent: Name and Age. Name comes first in every list that is given. */
  columns?: readonly Column[];
  /** What a row of a Table says of its object besides the cells; clients tell finished pods by it. Undefined: nothing. */
  rowConditions?(object: any): readonly TableRowCondition[] | undefined;
  /** Rows of a Table in another order than the list's. */
  rowOrder?(a: any, b: any): number;
  /** Besides metadata.name and metadata.namespace. */
  selectableFields?: Record<string, (object: any) => string>;
  /** Answers a create of a kind that is not stored (reviews). */
  answer?(object: any, context: Context): Promise<KubeObject>;
  /** The objects of a kind that is not stored but found out with each read (ComponentStatus): all, or the one of that name. */
  observe?(context: Context, name?: string): Promise<KubeObject[]>;
  /** Sees each create's, update's and delete's outcome after it is stored; never with dryRun. */
  afterWrite?(object: any, old: any | undefined, context: Context): void;
}

/** What passes a request on to the one who answers it: a row of ../handlers/connect.ts. */
export type Connector = 'log' | 'exec' | 'attach' | 'portForward' | 'podProxy' | 'serviceProxy' | 'nodeProxy';

/** What is stored of a custom resource may be of another version, or older than its schema. */
export interface StoredForms {
  /** The resource's cache as this version shows it. */
  view(cache: ResourceCache): ResourceCache;
  /** What the store gets of an object. Rejects when it cannot be converted. */
  write(object: KubeObject): KubeObject | Promise<KubeObject>;
  /** How the object looks once what was stored of it is read again. */
  back(stored: KubeObject, object: KubeObject): KubeObject | Promise<KubeObject>;
  /** An object in another version, for managedFields; absent where versions are converted by somebody else, or there is one alone. */
  inVersion?: Convert;
  /** The store holds it otherwise than it would be written now: then a write that changes nothing is one all the same. */
  stale(cached: Cached): boolean;
}

/** A custom resource's schema as its definition gives it; absent: anything is fine. */
export interface CustomSchema {
  schema: object | undefined;
  selectableFields: readonly { jsonPath: string }[] | undefined;
  preservesAll: boolean;
  /** As discovery lists them; absent: as those of any kind. */
  verbs?: readonly Verb[];
}

/** Something under an object: `/status`, `/scale`, `/binding`. Exactly one of the four groups of members is used. */
export interface Subresource {
  name: string;
  verbs: readonly ('get' | 'create' | 'update' | 'patch' | 'delete')[];
  /** The kind of its body, when it is another than the parent's. */
  body?: {
    group: string;
    version: string;
    kind: string;
    schema: string;
    /** Other apiVersions that it may come in, with the same fields. */
    also?: readonly string[];
  };

  /** Same object (`status`): copies from `old` into `object` what this subresource may not change. */
  keep?(object: any, old: any, context?: Context): void;
  validateUpdate?(object: any, old: any, context?: Context): FieldError[];
  /** May the caller change this part so? Runs once it is found sound; throws a StatusError. */
  authorizeUpdate?(object: any, old: any, context: Context): Promise<void>;
  /** Sent as Warnings with the answer to a write here; the kind's own are for the main resource alone. */
  warnings?(object: any, old: any): string[];
  /** Field paths, dotted (`status`, `metadata.labels`), that writes here do not own; absent: derived from `keep`'s usual shape. */
  resets?: readonly string[];

  /** Another view of the object (`scale`): reads it, and writes a view back into the object in place. */
  view?(object: any): KubeObject;
  writeView?(view: any, object: any): void;
  validateView?(view: any): FieldError[];

  /** Somebody else answers (`log`, `exec`, `proxy`): who passes the request on. Its body is not read here. */
  connect?: Connector;
  /** The kind that its query stands for (`PodExecOptions`): what discovery names. */
  options?: string;
  /** What follows the subresource in the path belongs to the target (`proxy/…`); OPTIONS is passed on too. */
  passesPath?: true;

  /** A deed (`binding`, `token`, `eviction`): takes the body, answers with what the client gets. `parent` throws NotFound. */
  create?(body: any, parent: { name: string; namespace: string }, context: Context): Promise<KubeObject>;
}

/** Type helper: a kind is a plain value. */
export const defineKind = (kind: Kind): Kind => kind;
