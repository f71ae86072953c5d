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

    @Test func readerWhoLocksTheDirectoryKeepsNobodyFromFillingIt() throws {
        let tree = try TemporaryTree()
        let reader = try Descriptor.open(tree.path, [.readOnly, .directory])
        #expect(try reader.lockExclusively())
        let place = try MirrorPlace(tree.path)
        try place.lock()
        // Nor can a reader lock what is locked.
        let status = try Descriptor.open(tree.absolute(".passim-lock.part"), .path).status()
        #expect(status.mode & 0o777 == 0o600)
        withExtendedLifetime(place) { _ = reader.lend { $0 } }
    }

    @Test func lockIsNotFollowedElsewhere() throws {
        let tree = try TemporaryTree()
        try tree.symlink(".passim-lock.part", to: "elsewhere")
        #expect(throws: SyncFailure.self) { try MirrorPlace(tree.path).lock() }
        #expect(!tree.exists("elsewhere"))
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
