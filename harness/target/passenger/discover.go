package passenger

import (
	"context"
	"os"
	"sync"

	"leakhunt/harness/fault"
)

// Options says where to look.
type Options struct {
	// Registry are the folders in which instances register; Registries() where
	// it is empty. Each of them must be there.
	Registry []string
}

// Discover reads all instances on this machine, side by side, each with its
// processes. One that cannot be read, and a folder that is left over, has Err
// set; that is no error of Discover. Nothing found is no error either.
func Discover(ctx context.Context, opts Options) ([]Instance, error) {
	registries := opts.Registry
	if len(registries) == 0 {
		registries = Registries()
	} else if err := present(registries); err != nil {
		return nil, err
	}
	dirs := folders(registries)
	found := make([]Instance, len(dirs))
	var wg sync.WaitGroup
	for i, dir := range dirs {
		wg.Go(func() {
			found[i] = inspect(dir)
			if found[i].Err == nil {
				_ = found[i].Refresh(ctx) // kept in Err
			}
		})
	}
	wg.Wait()
	return found, ctx.Err()
}

func present(registries []string) error {
	for _, dir := range registries {
		if _, err := os.Stat(dir); err != nil {
			return fault.Measuref("Passenger's instance registry cannot be read").Because(err).
				WithHint("It is the folder that PassengerInstanceRegistryDir names, /tmp by default.")
		}
	}
	return nil
}
