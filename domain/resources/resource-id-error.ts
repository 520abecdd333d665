/** What can be wrong with a resource id, each in the words that its caller reads. */
export const RESOURCE_ID_FAULTS = {
  TooLong: 'is too long',
  NoRoot: 'does not begin with /planes',
  NoPlane: 'has a provider and no plane before it',
  EmptySegment: 'has an empty segment',
  SegmentTooLong: 'has a segment that is too long',
  DotSegment: 'has a segment that is . or ..',
  BadCharacter: 'has a segment with a control character or half a character',
  BadEncoding: 'has a percent sign that begins no encoded character',
  EncodedSlash: 'has a slash within a segment',
  UnnamedScope: 'has a scope without a name before its provider',
  UnnamedResource: 'has a resource without a name before the provider that extends it',
  NoNamespace: 'has no namespace after providers',
  NoType: 'has a namespace and no type after it',
} as const;

export type ResourceIdFault = keyof typeof RESOURCE_ID_FAULTS;

/** Thrown when a text is no resource id. Nothing of the text is repeated: it may be anything, at any length. */
export class InvalidResourceId extends Error {
  override readonly name = 'InvalidResourceId';
  readonly fault: ResourceIdFault;
  /** Where in the text, in characters from its beginning. */
  readonly position: number;

  constructor(fault: ResourceIdFault, position: number) {
    super(`The resource id ${RESOURCE_ID_FAULTS[fault]} (position ${position}).`);
    this.fault = fault;
    this.position = position;
  }
}
