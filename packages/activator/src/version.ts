/** Version of this package, as metrics and traces name it; a test holds it to package.json. */
export const VERSION = '0.1.0'
