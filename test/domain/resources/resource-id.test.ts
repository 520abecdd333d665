import { describe, expect, it } from 'vitest';
import { InvalidResourceId, type ResourceIdFault } from '../../../domain/resources/resource-id-error.ts';
import {
  isCollection,
  keyOf,
  nameOf,
  parentOf,
  parseResourceId,
  parseResourcePath,
  pathOf,
  rootScopeOf,
  typeOf,
} from '../../../domain/resources/resource-id.ts';

const pair = (type: string, name: string | null) => ({ type, name });

const GROUP = '/planes/radius/local/resourceGroups/my-group';
const APPLICATION = `${GROUP}/providers/Applications.Core/applications/my-app`;
const STREAM = '/planes/aws/aws/accounts/01234556789/regions/us-west-2/providers/AWS.Kinesis/Stream/my-stream';
const ACCOUNT =
  '/planes/azure/azurecloud/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/my-group/providers/Microsoft.Storage/storageAccounts/myaccount';

describe('a resource id', () => {
  it('is each of those that the contract shows, verbatim', () => {
    expect(parseResourceId(APPLICATION)).toEqual({
      text: APPLICATION,
      scopes: [pair('radius', 'local'), pair('resourceGroups', 'my-group')],
      providers: [{ namespace: 'Applications.Core', pairs: [pair('applications', 'my-app')] }],
    });
    expect(parseResourceId(STREAM)).toEqual({
      text: STREAM,
      scopes: [pair('aws', 'aws'), pair('accounts', '01234556789'), pair('regions', 'us-west-2')],
      providers: [{ namespace: 'AWS.Kinesis', pairs: [pair('Stream', 'my-stream')] }],
    });
    expect(parseResourceId(ACCOUNT)).toEqual({
      text: ACCOUNT,
      scopes: [
        pair('azure', 'azurecloud'),
        pair('subscriptions', '00000000-0000-0000-0000-000000000000'),
        pair('resourceGroups', 'my-group'),
      ],
      providers: [{ namespace: 'Microsoft.Storage', pairs: [pair('storageAccounts', 'myaccount')] }],
    });
    const environment = '/planes/radius/local/resourcegroups/default/providers/Applications.Core/environments/default';
    expect(typeOf(parseResourceId(environment))).toBe('Applications.Core/environments');
    for (const id of [APPLICATION, STREAM, ACCOUNT, environment]) {
      expect(parseResourceId(id).text).toBe(id);
      expect(pathOf(parseResourceId(id))).toBe(id);
      expect(isCollection(parseResourceId(id))).toBe(false);
    }
  });

  it('is that of a scope, of a collection, of a nested resource, and of one that extends another', () => {
    const kinds: [string, string | null, string | null][] = [
      ['/planes', null, null],
      ['/planes/radius', null, null],
      ['/planes/radius/local', null, 'local'],
      ['/planes/radius/local/resourceGroups', null, null],
      [GROUP, null, 'my-group'],
      [`${GROUP}/providers/Applications.Core/applications`, 'Applications.Core/applications', null],
      ['/planes/radius/local/providers/Applications.Core/containers', 'Applications.Core/containers', null],
      [
        '/planes/radius/local/providers/System.Resources/resourceproviders/My.Types/resourcetypes/caches/apiversions',
        'System.Resources/resourceproviders/resourcetypes/apiversions',
        null,
      ],
      ['/planes/kubernetes/local/namespaces/default/providers/apps/Deployment/web', 'apps/Deployment', 'web'],
      [
        `${ACCOUNT}/blobServices/default/providers/Microsoft.Authorization/locks/keep`,
        'Microsoft.Authorization/locks',
        'keep',
      ],
    ];
    for (const [text, type, name] of kinds) {
      const id = parseResourceId(text);
      expect([id.text, typeOf(id), nameOf(id), isCollection(id)]).toEqual([text, type, name, name === null]);
    }
  });

  it('stands in what is around it, up to all planes', () => {
    const lock = `${ACCOUNT}/blobServices/default/providers/Microsoft.Authorization/locks/keep`;
    const around = [];
    for (let id = parentOf(parseResourceId(lock)); id; id = parentOf(id)) around.push(id.text);
    expect(around).toEqual([
      `${ACCOUNT}/blobServices/default`,
      ACCOUNT,
      ACCOUNT.slice(0, ACCOUNT.indexOf('/providers')),
      '/planes/azure/azurecloud/subscriptions/00000000-0000-0000-0000-000000000000',
      '/planes/azure/azurecloud',
      '/planes',
    ]);
    const withinGroup = [APPLICATION, `${GROUP}/providers/Applications.Core/applications`];
    for (const text of withinGroup) expect(parentOf(parseResourceId(text))?.text).toBe(GROUP);
    expect(parentOf(parseResourceId('/planes/radius/local/resourceGroups'))?.text).toBe('/planes/radius/local');
    expect(parentOf(parseResourceId('/planes/radius'))?.text).toBe('/planes');
    for (const text of [lock, ACCOUNT]) {
      expect(rootScopeOf(parseResourceId(text)).text).toBe(ACCOUNT.slice(0, ACCOUNT.indexOf('/providers')));
    }
    expect(rootScopeOf(parseResourceId(GROUP)).text).toBe(GROUP);
    expect(rootScopeOf(parseResourceId('/planes/radius/local/resourceGroups')).text).toBe('/planes/radius/local');
  });

  it('is the same in any case of letters, and keeps the one it was written in', () => {
    const written = '/Planes/Radius/local/RESOURCEGROUPS/My-Group/Providers/applications.core/Applications/my-APP';
    const id = parseResourceId(written);
    expect(id.text).toBe(written);
    expect(keyOf(id)).toBe(keyOf(parseResourceId(APPLICATION)));
    expect(keyOf(id)).not.toBe(keyOf(parseResourceId(`${APPLICATION}2`)));
    // Which letters beyond the 26 are the same is another question on every machine: none are.
    expect(keyOf(parseResourceId('/planes/radius/Ä'))).not.toBe(keyOf(parseResourceId('/planes/radius/ä')));
  });

  it('cannot be changed', () => {
    const id = parseResourceId(APPLICATION);
    const all = [id, id.scopes, ...id.scopes, id.providers, ...id.providers, ...id.providers.map(({ pairs }) => pairs)];
    for (const part of [...all, ...id.providers.flatMap(({ pairs }) => pairs)])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it('goes into a URL and comes back, whatever its names are made of', () => {
    const names = [
      'a b',
      'système',
      '%2F',
      '100%',
      '?a=1#b',
      'arn:aws:sns:us-east-1:1:t',
      'a|b',
      '…',
      '\\',
      "it's",
      '+',
    ];
    for (const name of names) {
      const id = parseResourceId(`/planes/aws/aws/providers/AWS.SNS/Topic/${name}`);
      expect(nameOf(id)).toBe(name);
      expect(parseResourcePath(pathOf(id))).toEqual(id);
      expect(new URL(pathOf(id), 'http://localhost').pathname).toBe(pathOf(id));
    }
  });
});

const BAD: [string, ResourceIdFault, number][] = [
  ['', 'NoRoot', 0],
  ['planes/radius/local', 'NoRoot', 0],
  ['/subscriptions/1', 'NoRoot', 0],
  ['/providers/Ns/t/n', 'NoRoot', 0],
  ['/', 'EmptySegment', 1],
  ['//planes/radius/local', 'EmptySegment', 1],
  ['/planes/', 'EmptySegment', 8],
  ['/planes//radius/local', 'EmptySegment', 8],
  [`${GROUP}/`, 'EmptySegment', 45],
  [`${GROUP}//providers/Ns/t/n`, 'EmptySegment', 45],
  [`${GROUP}/providers//t/n`, 'EmptySegment', 55],
  ['/planes/radius/../aws/aws', 'DotSegment', 15],
  ['/planes/radius/.', 'DotSegment', 15],
  ['/planes/providers/Ns/t/n', 'NoPlane', 8],
  ['/planes/radius/providers/Ns/t/n', 'UnnamedScope', 8],
  ['/planes/radius/local/resourceGroups/providers/Ns/t/n', 'UnnamedScope', 21],
  [`${GROUP}/providers`, 'NoNamespace', 45],
  [`${GROUP}/Providers`, 'NoNamespace', 45],
  [`${APPLICATION}/providers`, 'NoNamespace', 93],
  [`${GROUP}/providers/providers/t/n`, 'NoNamespace', 45],
  [`${GROUP}/providers/Ns`, 'NoType', 55],
  [`${GROUP}/providers/Ns/t/providers/Ns2/t2/n2`, 'UnnamedResource', 58],
  [`${GROUP}/providers/Ns/t/providers`, 'UnnamedResource', 58],
  ['/planes/radius/lo\u0000cal', 'BadCharacter', 15],
  ['/planes/radius/lo\ncal', 'BadCharacter', 15],
  ['/planes/radius/\ud800', 'BadCharacter', 15],
  [`/planes/radius/${'n'.repeat(1_025)}`, 'SegmentTooLong', 15],
  [`/planes/radius/${'n'.repeat(10_240)}`, 'TooLong', 4_096],
  [`/planes${'/a/b'.repeat(100_000)}`, 'TooLong', 4_096],
];

const BAD_PATHS: [string, ResourceIdFault, number][] = [
  ['/planes/radius/a%2Fb', 'EncodedSlash', 15],
  ['/planes/radius/a%2fb', 'EncodedSlash', 15],
  ['/planes/r%C3%A4/%2F', 'EncodedSlash', 16],
  ['/planes%2Fradius', 'EncodedSlash', 1],
  ['/planes/radius/%2e%2e/aws', 'DotSegment', 15],
  ['/planes/radius/%', 'BadEncoding', 15],
  ['/planes/radius/%ff', 'BadEncoding', 15],
  ['/planes/radius/%00', 'BadCharacter', 15],
  ['/planes/radius//', 'EmptySegment', 15],
];

function faultOf(parse: () => unknown): [ResourceIdFault, number] | string {
  try {
    return JSON.stringify(parse());
  } catch (error) {
    if (!(error instanceof InvalidResourceId)) throw error;
    expect(error.message).toContain(`(position ${error.position})`);
    expect(error.message.length).toBeLessThan(150);
    return [error.fault, error.position];
  }
}

const shown = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

describe('what is no resource id', () => {
  it.each(BAD.map(([text, ...fault]) => [shown(text), text, fault] as const))(
    '%s is refused',
    (_shown, text, fault) => {
      expect(faultOf(() => parseResourceId(text))).toEqual(fault);
    },
  );

  it.each(BAD_PATHS)('the path %s is refused', (path, ...fault) => {
    expect(faultOf(() => parseResourcePath(path))).toEqual(fault);
  });

  it('is refused in a path as it is in a text', () => {
    for (const [text, ...fault] of BAD) expect(faultOf(() => parseResourcePath(text))).toEqual(fault);
  });
});
