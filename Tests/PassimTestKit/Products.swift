internal import Glibc

/// Programs that this package builds.
package enum Products {
    /// The directory that Package.swift is in.
    package static let repository: String = {
        // The compiler has the absolute path of this file in it: three steps up.
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    /// Where a program lies: beside the running tests, or beside what runs them.
    package static func path(of name: String) throws -> String {
        let places = [executable()] + CommandLine.arguments
        let candidates = places.compactMap { place in
            place.lastIndex(of: "/").map { place[..<$0] + "/" + name }
        }
        guard let path = candidates.first(where: { access($0, X_OK) == 0 }) else {
            throw TestFailure("\(name) is not built beside \(places.joined(separator: " or "))")
        }
        return path
    }

    private static func executable() -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
