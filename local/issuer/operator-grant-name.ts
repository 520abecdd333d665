/** The operator's grant type; by itself here so that asking for a token does not load the issuer. */
export const OPERATOR_GRANT = 'urn:slipway:grant:operator';
