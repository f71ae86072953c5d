/// The version of the whole: `--version`, `DaemonVersion`, the `Server` header.
package let passimVersion = "0.2.0"
