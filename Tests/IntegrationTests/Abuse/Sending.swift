import PassimSystem
import PassimTestKit

/// Sends raw bytes on a thread of its own, so that the server's answers can be read meanwhile, or not.
final class Sending {
    private let thread: SystemThread

    init(_ bytes: [UInt8], by client: TLSClient) throws {
        // Sending raw bytes uses the socket alone, and `client` stays until `join`.
        nonisolated(unsafe) let client = client
        thread = try SystemThread(name: "sending") {
            // The server, or the test, may end it before all is sent.
            try? client.sendRaw(bytes)
        }
    }

    deinit { join() }

    func join() {
        thread.join()
    }
}
