/// What a path that only this host may see is answered with.
package struct LocalPage: Sendable {
    package var contentType: String
    /// Header fields besides type and length, each ended by CRLF.
    package var fields: [UInt8]
    package var body: [UInt8]

    package init(contentType: String, fields: [UInt8] = [], body: [UInt8]) {
        self.contentType = contentType
        self.fields = fields
        self.body = body
    }
}

/// The paths of row 2 of the HTTPS table.
package enum LocalPath: String, CaseIterable, Sendable {
    case index = "/"
    case icon = "/favicon.ico"
    case style = "/style.css"
}

/// Who renders them.
package protocol LocalPages: Sendable {
    /// Called on a serving thread; takes milliseconds at most.
    func page(_ path: LocalPath) -> LocalPage
}
