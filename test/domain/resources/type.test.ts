import { describe, expect, it } from 'vitest';
import { compileVersion, write } from '../../../domain/resources/properties.ts';
import { registeredVersion } from '../../../domain/resources/registered-version.ts';
import { isApiVersion, supportedVersions, type ApiVersion } from '../../../domain/resources/type.ts';

describe('the versions of a type', () => {
  it('are dates, and come newest first', () => {
    for (const text of ['2023-10-01', '2023-10-01-preview']) expect(isApiVersion(text)).toBe(true);
    for (const text of ['', 'v1', '2023-10-1', '2023-10-01-beta', ' 2023-10-01', '2023-10-01-preview\n']) {
      expect(isApiVersion(text)).toBe(false);
    }
    const version = registeredVersion({ type: 'object' });
    const names = ['2022-09-01', '2023-10-01-preview', '2025-08-01-preview', '2023-10-01'];
    const type = { name: 'My.Types/caches', apiVersions: Object.fromEntries(names.map((name) => [name, version])) };
    const newestFirst = ['2025-08-01-preview', '2023-10-01', '2023-10-01-preview', '2022-09-01'];
    expect(supportedVersions(type)).toEqual(newestFirst);
    expect(
      supportedVersions({ ...type, apiVersions: Object.fromEntries(newestFirst.map((name) => [name, version])) }),
    ).toEqual(newestFirst);
  });

  it('show what another has written, each in its own words', () => {
    const before: ApiVersion = {
      schema: { type: 'object', properties: { sizeGb: { type: 'integer' } }, additionalProperties: false },
      toModel: ({ sizeGb = 1 }) => ({ sizeMib: Number(sizeGb) * 1024 }),
      fromModel: ({ sizeMib = 0 }) => ({ sizeGb: Math.ceil(Number(sizeMib) / 1024) }),
    };
    const now = registeredVersion({
      type: 'object',
      properties: { sizeMib: { type: 'integer' } },
      additionalProperties: false,
    });
    expect(write(compileVersion(before), { sizeGb: 2 })).toMatchObject({ model: { sizeMib: 2048 } });
    expect(now.fromModel({ sizeMib: 2048 })).toEqual({ sizeMib: 2048 });
    expect(before.fromModel({ sizeMib: 1536 })).toEqual({ sizeGb: 2 });
  });

  it('that are registered leave out what they do not know, wherever they say so', () => {
    const { fromModel } = registeredVersion({
      type: 'object',
      properties: {
        known: { type: 'string' },
        inner: { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false },
        open: { type: 'object', properties: {} },
        map: {
          type: 'object',
          additionalProperties: { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false },
        },
        list: {
          type: 'array',
          items: { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false },
        },
      },
      additionalProperties: false,
    });
    const both = { a: 'x', b: 'y' };
    const shown = fromModel({ known: 'x', constructor: 1, inner: both, open: both, map: { k: both }, list: [both, 1] });
    const a = { a: 'x' };
    expect(shown).toEqual({ known: 'x', inner: a, open: both, map: { k: a }, list: [a, 1] });
  });
});
