import PassimCore
import Testing

@testable import PassimIndex

struct RecordTests {
    @Test func takes84Bytes() {
        #expect(MemoryLayout<Record>.stride == 84)
    }

    @Test func fieldsThatShareAWordDoNotDisturbEachOther() {
        var random = SeededGenerator(seed: 5)
        let digest = Digest.make(1)
        let file = NewFile(
            digest: digest, identity: .make(1), flags: .disabled, origin: someOrigin,
            directory: DirectoryID(9), name: UnsafeRawBufferPointer(start: nil, count: 0), mark: 3)
        var record = Record(file, name: 8, source: 0xABCD, modified: .max, changed: 1)
        #expect(record.source == 0xABCD && record.flags == .disabled && record.isDisabled)
        var (next, previous, source, flags) = (UInt32(0), UInt32(0), UInt16(0xABCD), UInt8(1))
        for _ in 0..<1000 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                next = UInt32.random(in: 0...0xFF_FFFF, using: &random)
                record.next = next
            case 1:
                previous = UInt32.random(in: 0...0xFF_FFFF, using: &random)
                record.previous = previous
            case 2:
                source = UInt16.random(in: 0 ... .max, using: &random)
                record.source = source
            default:
                flags = UInt8.random(in: 0 ... .max, using: &random)
                record.flags = ItemFlags(rawValue: flags)
            }
            #expect(record.next == next && record.previous == previous)
            #expect(record.source == source && record.flags.rawValue == flags)
            #expect(record.hasDigest(digest) && record.digest(firstByte: digest.firstByte) == digest)
        }
        #expect(!record.hasDigest(.make(2)))
        #expect(record.modified.value == .max && record.inode.value == 1)
    }
}
