import PassimCore
import PassimHTTP
import PassimTestKit
import Testing

@testable import PassimServer

/// What feeds the watchdog of systemd.
@Suite struct ReactorTurnTests {
    @Test func idleReactorsTurnWhenTheyAreAsked() async throws {
        try await withServer { test in
            for _ in 0..<10 { #expect(eventually { test.server.haveReactorsTurned() }) }
        }
    }

    @Test func reactorThatIsStuckIsNoticed() async throws {
        try await withServer { test in
            let digest = try test.add("file", [1, 2, 3])
            let client = try test.client()
            test.shares.hold()
            try client.get(digest)
            #expect(eventually { test.shares.isHolding })
            // One answer may be from before.
            var turned = 0
            for _ in 0..<50 where test.server.haveReactorsTurned() { turned += 1 }
            #expect(turned <= 1)
            test.shares.release()
            #expect(try client.answer().body == [1, 2, 3])
            #expect(eventually { test.server.haveReactorsTurned() })
        }
    }
}
