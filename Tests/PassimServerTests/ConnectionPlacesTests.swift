import Glibc
import PassimSystem
import Synchronization
import Testing

@testable import PassimServer

@Suite struct ConnectionPlacesTests {
    @Test func thereAreAsManyAsTheLimit() {
        let places = ConnectionPlaces()
        #expect(places.take(limit: 2))
        #expect(places.take(limit: 2))
        #expect(!places.take(limit: 2))
        places.leave()
        #expect(places.take(limit: 2))
        // It has been lowered meanwhile.
        places.leave()
        #expect(!places.take(limit: 1))
        #expect(places.count == 1)
    }

    @Test func lastPlaceIsTakenByOne() throws {
        let places = ConnectionPlaces()
        let started = Atomic(0)
        let most = Atomic(0)
        let takers = try (0..<4).map { _ in
            try SystemThread(name: "taker") {
                started.add(1, ordering: .relaxed)
                // All at once.
                while started.load(ordering: .relaxed) < 4 { sched_yield() }
                for _ in 0..<200_000 where places.take(limit: 2) {
                    most.max(places.count, ordering: .relaxed)
                    places.leave()
                }
            }
        }
        for taker in takers { taker.join() }
        #expect((1...2).contains(most.load(ordering: .relaxed)))
        #expect(places.count == 0)
    }
}
