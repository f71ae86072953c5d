import PassimCore
import PassimCrypto
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimSync

@Suite struct MirrorPlaceTests {
    @Test func oneAtATimeFillsADirectory() throws {
        let tree = try TemporaryTree()
        let first = try MirrorPlace(tree.path)
        try first.lock()
        #expect(throws: SyncFailure.self) { try MirrorPlace(tree.path).lock() }
        withExtendedLifetime(first) {}
    }

    /// As NFS does: flock(2) of a directory gives EBADF.
    @Test func whereADirectoryCannotBeLockedAFileIs() throws {
        let tree = try TemporaryTree()
        func place() throws -> MirrorPlace {
            let place = try MirrorPlace(tree.path)
            try FaultPlan.$current.withValue(FaultPlan([.flock: [.badDescriptor]])) { try place.lock() }
            return place
        }
        let first = try place()
        #expect(throws: SyncFailure.self) { try place() }
        withExtendedLifetime(first) {}
    }

    @Test func partsAreNamedByPathAndContent() {
        let one = Manifest.Entry(path: RawName("a"), digest: SHA256Hasher.digest(of: [1]), size: 1)
        var other = one
        other.digest = SHA256Hasher.digest(of: [2])
        var third = one
        third.path = RawName("b")
        let names = [one, other, third].map(MirrorPlace.partName)
        #expect(Set(names).count == 3)
        #expect(names.allSatisfy { MirrorPlace.isPart($0) && ManifestName.isOwn($0.bytes) })
        // Those of passim download are not ours to remove.
        #expect(!MirrorPlace.isPart(RawName(".passim-\(one.digest).part")))
    }
}
