import Glibc
import PassimCore
import Testing

@testable import PassimSystem

@Suite struct ListeningSocketsTests {
    @Test func ownersAreThoseWhoListen() throws {
        let listener = try Socket.listen(.address(IPAddress(ipv4: 0x7F00_0001)), port: 0)
        let port = try listener.boundPort()
        #expect(ListeningSockets.owners(ofPort: port).contains(geteuid()))
        _ = listener.lend { $0 }
    }

    /// As Linux 6.1 has it: at 8080 (1F90) somebody listens, and somebody else is connected from there.
    @Test func linesAreRead() {
        let text = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000   997        0 29 1 0 100 0
               1: 0100007F:1F90 0100007F:0050 01 00000000:00000000 00:00000000 00000000  1000        0 30 1 0 100 0
               2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 31 1 0 100 0
               3: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0:0 00:0 0 5 0 32
               4: 0100007F:1F90
            """
        #expect(ListeningSockets.owners(ofPort: 8080, in: Array(text.utf8)) == [997, 5])
        #expect(ListeningSockets.owners(ofPort: 80, in: Array(text.utf8)) == [])
        #expect(ListeningSockets.owners(ofPort: 8080, in: [0, 0xFF, 0x0A, 0x20]) == [])
    }
}
