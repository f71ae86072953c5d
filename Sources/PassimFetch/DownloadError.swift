package import PassimSystem

/// Why there is no file.
package enum DownloadError: Error, Hashable, Sendable {
    /// Nobody was to be asked.
    case noPeers
    /// Everybody was asked.
    ///
    /// - Parameter kept: bytes that the next try goes on from.
    case allFailed([PeerFailure], kept: UInt64)
    /// The disk is full, or the user's part of it. Nothing was kept.
    case noSpace(SystemError)
    /// Somebody else is downloading the same to the same place.
    case busy(String)
    /// The place cannot take a file, in words.
    case unusable(String)
    case system(SystemError)
    case curl(CurlError)
}

extension DownloadError {
    init(_ error: SystemError) {
        self = [.noSpace, .quota].contains(error.code) ? .noSpace(error) : .system(error)
    }
}

extension DownloadError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noPeers: "no machine of this network has the file"
        case .allFailed(let failures, let kept):
            switch failures.count {
            case 1: "the one machine that was asked did not send the file" + DownloadError.note(kept)
            default: "none of the machines that were asked sent the file" + DownloadError.note(kept)
            }
        case .noSpace(let error): "\(error); nothing was kept"
        case .busy(let path): "\(path) is being downloaded by another process"
        case .unusable(let words): words
        case .system(let error): "\(error)"
        case .curl(let error): "\(error)"
        }
    }

    private static func note(_ kept: UInt64) -> String {
        kept > 0 ? "; \(kept) bytes are kept, from which the next try goes on" : ""
    }
}
