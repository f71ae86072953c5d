import PassimCore
import PassimSystem

/// Small files to begin with, below `Seeds/TARGET`.
enum Seeds {
    private static let directory = here + "/Seeds"
    static let sources = here + "/../../Sources"

    private static var here: String { String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/")!)) }

    static func load(of target: FuzzTarget) throws -> [(name: RawName, content: [UInt8])] {
        let directory = try Descriptor.open("\(directory)/\(target.name)", [.readOnly, .directory])
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
        defer { buffer.deallocate() }
        var names: [RawName] = []
        try directory.forEachName(buffer: buffer) { (bytes, _) throws(SystemError) in
            names.append(RawName(bytes))
        }
        return try names.sorted().map { name in
            (name, try directory.open(name, .readOnly).readAll(limit: 1 << 20) ?? [])
        }
    }
}
