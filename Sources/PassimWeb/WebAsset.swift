/// A file that the pages need, compiled in.
package struct WebAsset: Sendable {
    package let path: String
    package let contentType: String
    package let bytes: [UInt8]

    package static let styleSheet = WebAsset(
        path: "/style.css", contentType: "text/css; charset=utf-8", bytes: Array(StyleSheet.text.utf8))

    package static let icon = WebAsset(
        path: "/favicon.ico", contentType: "image/vnd.microsoft.icon", bytes: Icon.bytes)
}
