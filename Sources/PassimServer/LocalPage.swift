package import PassimCore
package import PassimHTTP

/// The answer for a path that only this host may see.
package struct LocalPage: Sendable {
    package var status: Status
    package var contentType: String
    /// Header fields besides type and length, each ended by CRLF.
    package var fields: [UInt8]
    package var body: [UInt8]

    package init(status: Status = .ok, contentType: String, fields: [UInt8] = [], body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.fields = fields
        self.body = body
    }
}

/// The paths of row 2 of the HTTPS table.
package enum LocalPath: Hashable, Sendable {
    /// `/`
    case index
    /// `/favicon.ico`
    case icon
    /// `/style.css`
    case style
    /// `/metrics`
    case metrics
    /// `/healthz`: whether it lives.
    case health
    /// `/readyz`, and `/healthz?ready`: whether all is well.
    case readiness
    /// `/items/…`: what follows, as it was sent.
    case item([UInt8])
}

extension LocalPath {
    /// True if a file cannot be had by its name: its path is a page's, or may become one's.
    ///
    /// - Parameter path: decoded, without the slash at its beginning.
    package static func isReserved(_ path: RawName) -> Bool {
        let words: [StaticString] = ["style.css", "favicon.ico", "metrics", "healthz", "readyz"]
        return path.isEmpty || path.bytes.starts(with: "items/".utf8)
            || words.contains { word in
                path.bytes.elementsEqual(
                    UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
            }
    }
}

/// A request for one of them.
package struct LocalRequest: Hashable, Sendable {
    package var path: LocalPath
    /// The part after the `?`, as it was sent; empty if there is none.
    package var query: [UInt8]

    package init(path: LocalPath, query: [UInt8]) {
        self.path = path
        self.query = query
    }
}

/// Renders the pages.
package protocol LocalPages: Sendable {
    /// Called on a serving thread: must not block.
    ///
    /// - Returns: what is always the same; nil where the page must be made.
    func asset(_ path: LocalPath) -> LocalPage?
    /// Makes a page, while the client waits. Called on a serving thread: must not block.
    ///
    /// - Parameter done: to be called once, on any thread.
    func make(_ request: LocalRequest, _ done: @escaping @Sendable (LocalPage) -> Void)
}
