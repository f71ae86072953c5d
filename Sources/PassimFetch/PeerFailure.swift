/// A peer from which a file did not come, and why.
package struct PeerFailure: Error, Hashable, Sendable {
    /// As it was asked.
    package var url: String
    /// The URL that answered, after redirects; the same if there were none.
    package var effectiveURL: String
    package var reason: Reason

    package enum Reason: Hashable, Sendable {
        /// All that it sent came from it, and is not what was asked for.
        case lied
        /// Another status than was hoped for.
        case denied(status: Int)
        /// The answer is of no use: why, in words.
        case nonsense(String)
        /// No connection: libcurl's words for it.
        case unreachable(String)
        /// Nothing came, or next to nothing, for so many seconds.
        case stalled(seconds: Int)
        /// It sent so many bytes/s, far fewer than the file's size asks for; what came is kept.
        case slow(speed: UInt64)
        /// The connection ended before the file did; what came is kept.
        case cutOff(received: UInt64, of: UInt64?)
        /// It sends elsewhere again and again.
        case redirects
        /// It announces more bytes than there is room for.
        case noRoom(needed: UInt64, available: UInt64)
    }
}

extension PeerFailure: CustomStringConvertible {
    package var description: String {
        let place = PeerFailure.shortened(url)
        let answering = PeerFailure.shortened(effectiveURL)
        return place == answering ? "\(place): \(reason)" : "\(place), which sends to \(answering): \(reason)"
    }

    /// Without the query, which is the digest once more.
    private static func shortened(_ url: String) -> Substring {
        url.prefix { $0 != "?" }
    }
}

extension PeerFailure.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .lied: "sent other content than was asked for"
        case .denied(404): "does not have the file (404)"
        case .denied(let status): "refused (\(status))"
        case .nonsense(let words): words
        case .unreachable(let words): words
        case .stalled(let seconds): "sent next to nothing for \(seconds) s"
        case .slow(let speed): "sends \(speed) bytes a second only"
        case .cutOff(let received, let length?): "ended after \(received) of \(length) bytes"
        case .cutOff(let received, nil): "ended after \(received) bytes"
        case .redirects: "redirects without end"
        case .noRoom(let needed, let available):
            "announces \(needed) bytes more, and there is room for \(available)"
        }
    }
}
