/** Texts that are not what they look like, or that something on the way might change. */

/** JSON may hold them; the API does not. */
export const NEVER_TAKEN: Record<string, string> = {
  'a NUL': '\u0000',
  'half a pair': '\ud83d',
  'the other half': '\udc00',
};

export const ODD_TEXTS: Record<string, string> = {
  'a ligature, two letters by NFKC': '\ufb01',
  'wide letters, others by NFKC': '\uff41\uff0d\uff11',
  'the sign of Kelvin, a K by NFC': '\u212a',
  'a letter with its accent': '\u00e9',
  'a letter and its accent': 'e\u0301',
  'many accents': `a${'\u0323\u0307'.repeat(20)}`,
  'right-to-left from here': '\u202e',
  'an isolate': '\u2066a\u2069',
  'no width': '\u200b',
  'a joiner': '\u200d',
  'a soft hyphen': '\u00ad',
  'a byte order mark': '\ufeff',
  'a space that does not break': '\u00a0',
  'a line between lines': '\u2028',
  'a line of C1': '\u0085',
  'a bell': '\u0007',
  'an escape': '\u001b[2J',
  'digits of elsewhere': '\u0661\u0662',
  'letters beyond the first plane': '\u{1d4d0}\u{1f600}',
  'tags that nobody sees': '\u{e0061}\u{e0062}',
  'no character': '\uffff',
  'a private one': '\ue000',
  '64 letters that look like a': '\u0430'.repeat(64),
};
