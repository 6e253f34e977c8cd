# What the guest boots; sourced by setup and run after common.bash.

# Loaded one by one by guest/init, before the host's root file system is there.
boot_modules=(virtio_pci virtio_blk 9pnet_virtio 9p overlay ext4)

# Carried along for the guest's modprobe and the kernel's own requests.
guest_modules=(
    virtio_console virtio_rng
    igb igbvf vfio-pci vfio_iommu_type1 vfio_pci_core vhost_net tun
    8021q bridge br_netfilter stp veth macvlan macvtap ipvlan bonding vrf dummy tap
    rdma_rxe crc32_generic ib_uverbs rdma_ucm
    nf_tables nft_compat nft_chain_nat nft_ct nft_masq nft_nat nft_reject_inet nft_fib_inet
    ip_tables ip6_tables iptable_filter iptable_nat ip6table_filter ip6table_nat
    xt_comment xt_MASQUERADE xt_multiport xt_addrtype xt_conntrack xt_mark xt_tcpudp nf_conntrack
    sch_tbf sch_fq_codel sch_ingress cls_flower act_mirred
)
modules_key=$(echo "${boot_modules[@]}" "${guest_modules[@]}" | sha256sum | cut -c 1-12)

# Sets `kernel` to the newest kernel directory of the cache that has these modules, and `initramfs` to the file for
# this clone's guest/init (which may not exist yet). Clones with other lists have directories of their own.
find_kernel() {
    kernel=$(compgen -G "$cache/lab/kernel-*-$modules_key" | sort -V | tail -n 1)
    [[ $kernel ]] || return 1
    release=$(<"$kernel/release")
    initramfs=$kernel/initramfs-$(sha256sum <"$repository/Tests/Lab/guest/init" | cut -c 1-12).cpio
}
