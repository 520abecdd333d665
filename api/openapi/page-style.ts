/** The style of the reference; the page's content security policy allows exactly this text. */
export const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --link: #0b62c4; --get: #0b7a4b; --post: #0b62c4; --put: #9a5b00; }
@media (prefers-color-scheme: dark) { :root { --link: #7ab8ff; --get: #5fd39a; --post: #7ab8ff; --put: #f0b35a; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: 21rem minmax(0, 1fr); }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1rem; border-right: 1px solid var(--line); font-size: 14px; }
nav h2 { font-size: 13px; margin: 1rem 0 .2rem; opacity: .7; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li { padding: .12rem 0; }
nav a { display: flex; overflow-wrap: anywhere; }
main { padding: 1rem 2rem 4rem; max-width: 66rem; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
h1 { margin: .2rem 0; font-size: 1.6rem; }
h2 { margin: 2.5rem 0 .5rem; }
h4 { margin: 1rem 0 .3rem; font-size: 14px; }
article { border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1.1rem; margin: 1rem 0; }
article h3 { margin: 0; font: 600 15px ui-monospace, monospace; overflow-wrap: anywhere; }
article p { margin: .3rem 0; }
.method { display: inline-block; flex: 0 0 3.2rem; min-width: 3.2rem; font: 600 13px ui-monospace, monospace; color: var(--put); }
.get { color: var(--get); }
.post { color: var(--post); }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-size: 13px; opacity: .7; border-top: 0; }
td:first-child { width: 30%; }
.parameters td:nth-child(2) { width: 9rem; }
.answers td:first-child { width: 4rem; }
code, pre { font: 13px/1.45 ui-monospace, monospace; background: var(--soft); border-radius: 4px; }
code { padding: .05rem .25rem; }
pre { padding: .6rem .8rem; overflow-x: auto; margin: .3rem 0; }
summary { cursor: pointer; }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; border: 0; } main { padding: 1rem; } }
`;
