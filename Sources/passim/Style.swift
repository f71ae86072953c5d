internal import Glibc
internal import PassimSystem

/// Colours, on a terminal that wants them (https://no-color.org).
struct Style {
    let isColoured: Bool

    init(_ stream: StandardStream = .output, environment: (String) -> String? = Style.variable) {
        let refused = environment("NO_COLOR").map { !$0.isEmpty } ?? false
        isColoured = stream.isTerminal && !refused && environment("TERM") != "dumb"
    }

    init(isColoured: Bool) {
        self.isColoured = isColoured
    }

    func bold(_ text: String) -> String { wrapped(text, 1) }
    func dim(_ text: String) -> String { wrapped(text, 2) }
    func good(_ text: String) -> String { wrapped(text, 32) }
    func warning(_ text: String) -> String { wrapped(text, 33) }
    func bad(_ text: String) -> String { wrapped(text, 31) }

    /// Select graphic rendition (ECMA-48, 8.3.117).
    private func wrapped(_ text: String, _ code: Int) -> String {
        isColoured && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
