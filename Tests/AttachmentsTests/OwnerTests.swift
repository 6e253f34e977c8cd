import Attachments
import Testing

@Suite struct OwnerTests {
    @Test func `a function nobody holds is taken`() throws {
        #expect(OwnerVerdict(claim: try Sample.owner(), holders: []).answer == .take)
    }

    @Test func `the owner of another function does not matter`() throws {
        let verdict = OwnerVerdict(
            claim: try Sample.owner(),
            holders: [
                Holder(owner: try Sample.owner(containerID: "x", function: "0000:01:10.2"), namespaceExists: true)
            ]
        )
        #expect(verdict.answer == .take)
        #expect(verdict.evictions.isEmpty)
    }

    @Test func `an ADD repeated by its owner is confirmed`() throws {
        let holder = Holder(owner: try Sample.owner(), namespaceExists: true)
        let verdict = OwnerVerdict(claim: try Sample.owner(), holders: [holder])
        #expect(verdict.answer == .confirm)
        #expect(verdict.evictions.isEmpty)
    }

    @Test func `a retried sandbox of the same pod takes over`() throws {
        let old = try Sample.owner(containerID: "old", inode: 7)
        let verdict = OwnerVerdict(claim: try Sample.owner(), holders: [Holder(owner: old, namespaceExists: true)])
        #expect(verdict.answer == .take)
        #expect(verdict.evictions == [.init(owner: old, cause: .sandboxRetried)])
    }

    @Test func `pods without a UID are not the same pod`() throws {
        let old = try Sample.owner(containerID: "old", inode: 7, podUID: "")
        let claim = try Sample.owner(podUID: "")
        let verdict = OwnerVerdict(claim: claim, holders: [Holder(owner: old, namespaceExists: true)])
        #expect(verdict.answer == .refuse(old))
    }

    @Test func `an owner of another boot is void whatever else it says`() throws {
        let same = try Sample.owner(bootID: Sample.otherBootID)
        let verdict = OwnerVerdict(claim: try Sample.owner(), holders: [Holder(owner: same, namespaceExists: true)])
        #expect(verdict.answer == .take)
        #expect(verdict.evictions == [.init(owner: same, cause: .otherBoot)])
    }

    @Test func `an owner whose namespace is gone is undone`() throws {
        let dead = try Sample.owner(containerID: "dead", inode: 7, podUID: "other")
        let verdict = OwnerVerdict(claim: try Sample.owner(), holders: [Holder(owner: dead, namespaceExists: false)])
        #expect(verdict.answer == .take)
        #expect(verdict.evictions == [.init(owner: dead, cause: .namespaceGone)])
    }

    @Test func `another living owner is refused, and nothing else is touched then`() throws {
        let living = try Sample.owner(containerID: "living", inode: 7, podUID: "other")
        let dead = try Sample.owner(containerID: "dead", inode: 8, podUID: "other")
        let verdict = OwnerVerdict(
            claim: try Sample.owner(),
            holders: [Holder(owner: dead, namespaceExists: false), Holder(owner: living, namespaceExists: true)]
        )
        #expect(verdict.answer == .refuse(living))
        #expect(verdict.evictions.isEmpty)
    }

    @Test func `a container cannot have one function as two interfaces`() throws {
        let first = try Sample.owner(interfaceName: "net1")
        let verdict = OwnerVerdict(
            claim: try Sample.owner(interfaceName: "net2"),
            holders: [Holder(owner: first, namespaceExists: true)]
        )
        #expect(verdict.answer == .refuse(first))
    }

    @Test func `an owner is named by pod, container and interface`() throws {
        #expect(try Sample.owner().description == "pod default/samplepod, container 4f1d, interface net1")
    }

    @Test func `a late DEL leaves a function alone that lives with another`() throws {
        let late = Holder(owner: try Sample.owner(), namespaceExists: false)
        let other = Holder(owner: try Sample.owner(containerID: "new", inode: 9), namespaceExists: true)
        #expect(!OwnerVerdict.mayUndo(late, holders: [late, other], bootID: Sample.bootID))
    }

    @Test func `a DEL of the one owner may undo, its namespace there or not`() throws {
        for exists in [true, false] {
            let holder = Holder(owner: try Sample.owner(), namespaceExists: exists)
            #expect(OwnerVerdict.mayUndo(holder, holders: [holder], bootID: Sample.bootID))
        }
    }

    @Test func `a DEL of a former boot's record yields to this boot's owner`() throws {
        let former = Holder(owner: try Sample.owner(bootID: Sample.otherBootID), namespaceExists: true)
        let now = Holder(owner: try Sample.owner(containerID: "new", inode: 9), namespaceExists: true)
        #expect(!OwnerVerdict.mayUndo(former, holders: [former, now], bootID: Sample.bootID))
        #expect(OwnerVerdict.mayUndo(now, holders: [former, now], bootID: Sample.bootID))
    }
}
