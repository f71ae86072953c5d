import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimCrypto

/// Keys and certificates that cannot be used.
struct UnusableIdentityTests {
    let place: IdentityPlace

    init() throws {
        place = try IdentityPlace()
    }

    @Test(arguments: ["", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
    func keyThatSomebodyPutThereAndIsNoneEndsTheStart(text: String) throws {
        _ = try place.load()
        try place.tree.write("passim/secret.key", text)
        #expect(try place.refusal().contains("secret.key"))
        try place.tree.remove("passim/secret.key")
        try place.tree.write("passim/secret.key", text)
        #expect(try place.refusal().contains("secret.key"))
    }

    @Test func keyOfOurOwnThatTheDiskHasSpoiltIsKeptAsideWithItsCertificate() throws {
        _ = try place.load()
        let certificate = try place.tree.read("passim/cert.pem")
        try place.spoil("secret.key")
        let spoilt = try place.tree.read("passim/secret.key")
        let events = try place.load().events
        #expect(events.count == 4)
        #expect(Array(events.suffix(2)) == place.made)
        #expect(try place.tree.read("passim/secret.key.bad") == spoilt)
        #expect(try place.tree.read("passim/cert.pem.bad") == certificate)
        #expect(try place.load().events == [])
    }

    @Test func keptFilesAreNeverOverwritten() throws {
        let fillings: [UInt8] = [0x21, 0x22, 0x23]
        for byte in fillings {
            _ = try place.load()
            try place.spoil("secret.key", [UInt8](repeating: byte, count: 40))
        }
        _ = try place.load()
        for (name, byte) in zip(["bad", "bad-2", "bad-3"], fillings) {
            #expect(try place.tree.read("passim/secret.key.\(name)")[50] == byte)
        }
    }

    @Test func keyWithAPassphraseDoesNotAskForIt() throws {
        try place.makeOwn("-newkey", "rsa:2048")
        try place.openssl(arguments: [
            "rsa", "-aes128", "-passout", "pass:x", "-in", place.location.keyPath, "-out",
            place.location.keyPath,
        ])
        #expect(try place.refusal().contains("secret.key: it has a passphrase; "))
    }

    @Test func administratorsCertificateForAnotherKeyEndsTheStart() throws {
        try place.makeOwn("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        try place.openssl(arguments: [
            "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", place.location.keyPath,
        ])
        #expect(try place.refusal().contains("cert.pem: it is not for the key \(place.location.keyPath); "))
        try place.tree.remove("passim/secret.key")
        #expect(
            try place.refusal().contains(
                "cert.pem: the key that it belongs to, \(place.location.keyPath), is missing; "))
    }

    @Test func certificateForAnotherKeyIsReplacedAndTheKeyKept() throws {
        _ = try place.load()
        let key = try place.tree.read("passim/secret.key")
        try place.tree.write("passim/cert.pem", try IdentityPlace().madeCertificate())
        let events = try place.load().events
        #expect(
            events == [
                .setAside(
                    path: place.location.certificatePath,
                    reason: "it is not for the key \(place.location.keyPath)",
                    keptAs: place.location.certificatePath + ".bad"),
                place.made[1],
            ])
        #expect(try place.tree.read("passim/secret.key") == key)
        #expect(try place.load().events == [])
    }

    @Test func truncatedCertificateInTheChainIsNotUsedHalf() throws {
        _ = try place.load()
        let certificate = try place.tree.read("passim/cert.pem")
        try place.tree.write("passim/cert.pem", certificate + certificate.dropLast(60))
        #expect(try place.refusal().contains("cert.pem"))
    }

    @Test func keyTooWeakForTheSystemsPolicyEndsTheStart() throws {
        try place.makeOwn("-newkey", "rsa:512")
        _ = try place.refusal()
        try place.tree.remove("passim/cert.pem")
        #expect(try place.refusal().contains("secret.key"))
    }

    @Test func keyThatCannotSignEndsTheStart() throws {
        try place.tree.makeDirectory("passim")
        try place.openssl(arguments: ["genpkey", "-algorithm", "X25519", "-out", place.location.keyPath])
        #expect(try place.refusal().contains("secret.key"))
    }

    @Test(arguments: ["secret.key", "cert.pem"])
    func whatIsNoFileEndsTheStartAndDoesNotHang(name: String) throws {
        _ = try place.load()
        try place.tree.remove("passim/\(name)")
        try place.tree.fifo("passim/\(name)")
        #expect(try place.refusal().contains("\(name): it is not a regular file; "))
        try place.tree.remove("passim/\(name)")
        try place.tree.makeDirectory("passim/\(name)")
        #expect(try place.refusal().contains("\(name): it is not a regular file; "))
        try place.tree.remove("passim/\(name)")
        try place.tree.symlink("passim/\(name)", to: name)
        #expect(try place.refusal().contains("symbolic links"))
        // The administrator's volume is not mounted yet.
        try place.tree.remove("passim/\(name)")
        try place.tree.symlink("passim/\(name)", to: "/nowhere/own.key")
        #expect(try place.refusal().contains("\(name): it is a symbolic link to nothing; "))
    }

    @Test func hugeFileIsNotReadWhole() throws {
        try place.tree.truncate("passim/secret.key", to: 1 << 40)
        #expect(try place.refusal().contains("larger than 1048576 bytes"))
    }

    @Test func certificateWithoutItsKeyIsKeptAside() throws {
        _ = try place.load()
        let certificate = try place.tree.read("passim/cert.pem")
        try place.tree.remove("passim/secret.key")
        #expect(try place.load().events.count == 3)
        #expect(try place.tree.read("passim/cert.pem.bad") == certificate)
    }

    @Test func deadLeftoversOfACrashAreHarmlessAndRemoved() throws {
        try place.tree.write("passim/.secret.key.new", "half a k")
        try place.tree.write("passim/.cert.pem.new", "half a c")
        #expect(try place.load().events == place.made)
        try place.tree.write("passim/.cert.pem.new", "half a c")
        #expect(try place.load().events == [])
        #expect(
            try Command.succeed(["ls", "-A", place.tree.absolute("passim")]).text
                == "cert.pem\nmade-by-passimd\nsecret.key\n")
    }
}
