/** Icons are bundled as text: see `loader` in esbuild.mjs. */
declare module '*.svg' {
  const text: string;
  export default text;
}
