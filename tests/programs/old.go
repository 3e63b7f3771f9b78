// SPDX-License-Identifier: MIT

// A static, multi-threaded program of before BPF tokens: eight goroutines create
// maps and load programs with raw bpf(2) calls, one with room for a token, one
// without, while the runtime's signals arrive.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"unsafe"
)

type mapCreate struct {
	mapType, keySize, valueSize, maxEntries, flags, innerFd, numaNode uint32
	name                                                              [16]byte
	ifindex, btfFd, btfKey, btfValue, btfVmlinux                      uint32
	extra                                                             uint64
	rest                                                              [24]byte
}

type progLoad struct {
	progType, insnCnt       uint32
	insns, license          uintptr
	logLevel, logSize       uint32
	logBuf                  uint64
	kernVersion, flags      uint32
	name                    [16]byte
	ifindex, expectedAttach uint32
	rest                    [80]byte
}

var license = []byte("GPL\x00")

func bpf(cmd uintptr, attr unsafe.Pointer, size uintptr) error {
	fd, _, errno := syscall.Syscall(sysBPF, cmd, uintptr(attr), size)
	runtime.KeepAlive(attr)
	if errno != 0 {
		return errno
	}
	return syscall.Close(int(fd))
}

func once(i int) error {
	insns := make([]uint64, 0, 1000)
	for len(insns) < 999 {
		insns = append(insns, 0xb7)
	}
	insns = append(insns, 0x95)
	m := mapCreate{mapType: 1, keySize: 4, valueSize: 8, maxEntries: 16}
	copy(m.name[:], "go_map")
	if err := bpf(0, unsafe.Pointer(&m), []uintptr{72, 96}[i%2]); err != nil {
		return fmt.Errorf("map: %w", err)
	}
	p := progLoad{progType: 1, insnCnt: uint32(len(insns)),
		insns:   uintptr(unsafe.Pointer(&insns[0])),
		license: uintptr(unsafe.Pointer(&license[0]))}
	copy(p.name[:], "go_prog")
	if err := bpf(5, unsafe.Pointer(&p), []uintptr{72, 152}[i%2]); err != nil {
		return fmt.Errorf("program: %w", err)
	}
	runtime.KeepAlive(insns)
	return nil
}

const sysBPF = 321

func main() {
	var wait sync.WaitGroup
	failed := make(chan error, 8)
	for g := 0; g < 8; g++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := 0; i < 20; i++ {
				if err := once(i); err != nil {
					failed <- err
					return
				}
				runtime.Gosched()
			}
		}()
	}
	wait.Wait()
	select {
	case err := <-failed:
		fmt.Fprintln(os.Stderr, "old.go:", err)
		os.Exit(1)
	default:
	}
}
