import Glibc
import PassimTestKit
import Testing

@testable import PassimDiscovery

/// Advertiser and browser with the real avahi-daemon.
@Suite(.serialized, .enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)))
struct DiscoveryTests {
    @Test(.timeLimit(.minutes(2))) func digestsAreFoundAtAddressAndPort() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.advertise(100)
        let answers = try neighbours.find([1, 50, 100, 101])
        for number in [1, 50, 100] {
            #expect(answers[number]?.peers == [Neighbours.address], "\(number)")
            #expect(try neighbours.browse(number) == [Neighbours.address])
        }
        print(answers)
        #expect(answers[101]?.peers == [])
        // Nobody finds himself.
        #expect(try neighbours.find([1], on: neighbours.here)[1]?.peers == [])
        #expect(try advertiser.terminate() == .exit(0))
    }
}
