/* A training step of the notebook's network in plain C: the speed that NumPy is measured against.
 *
 * Every image goes through the whole network, forwards and backwards, while its maps lie in the first-level cache.
 * The sizes are constants, so that the compiler knows the length of every loop. It lays out `struct network` as
 * Network.parameters is laid out, so both sides work on the same vector.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { SIDE = 28, KERNEL = 3, FILTERS = 2, MAP = SIDE - KERNEL + 1, POOLED = MAP / 2, CLASSES = 10 };
enum { FEATURES = FILTERS * POOLED * POOLED };

struct network {
    struct {
        float weights[KERNEL][KERNEL], bias;
    } filters[FILTERS];
    float weights[CLASSES][FEATURES], bias[CLASSES];
};

/* Add the gradients of one image's loss / batch size to `gradient`, and return the loss. */
static float backpropagate(const float image[SIDE][SIDE], int64_t label, float batch_size,
                           const struct network *restrict network, struct network *restrict gradient) {
    static float maps[FILTERS][MAP][MAP];
    float pooled[FILTERS][POOLED][POOLED], pooled_gradient[FILTERS][POOLED][POOLED] = {0};

    for (int f = 0; f < FILTERS; f++)
        for (int r = 0; r < MAP; r++)
            for (int c = 0; c < MAP; c++) {
                float z = network->filters[f].bias;
                for (int y = 0; y < KERNEL; y++)
                    for (int x = 0; x < KERNEL; x++)
                        z += network->filters[f].weights[y][x] * image[r + y][c + x];
                maps[f][r][c] = 1 / (1 + expf(-z));
            }
    for (int f = 0; f < FILTERS; f++)
        for (int r = 0; r < POOLED; r++)
            for (int c = 0; c < POOLED; c++)
                pooled[f][r][c] = 0.25f * (maps[f][2 * r][2 * c] + maps[f][2 * r][2 * c + 1] +
                                           maps[f][2 * r + 1][2 * c] + maps[f][2 * r + 1][2 * c + 1]);

    const float *features = &pooled[0][0][0];
    float *feature_gradient = &pooled_gradient[0][0][0];
    float logits[CLASSES], largest = -INFINITY, sum = 0;
    for (int k = 0; k < CLASSES; k++) {
        float z = network->bias[k];
        for (int i = 0; i < FEATURES; i++)
            z += network->weights[k][i] * features[i];
        logits[k] = z;
        largest = fmaxf(largest, z);
    }
    for (int k = 0; k < CLASSES; k++)
        sum += expf(logits[k] - largest);
    const float loss = logf(sum) + largest - logits[label];

    for (int k = 0; k < CLASSES; k++) {
        const float g = (expf(logits[k] - largest) / sum - (k == label)) / batch_size;
        gradient->bias[k] += g;
        for (int i = 0; i < FEATURES; i++) {
            gradient->weights[k][i] += g * features[i];
            feature_gradient[i] += g * network->weights[k][i];
        }
    }
    for (int f = 0; f < FILTERS; f++) {
        float (*map)[MAP] = maps[f];
        for (int r = 0; r < MAP; r++)
            for (int c = 0; c < MAP; c++)
                map[r][c] = 0.25f * pooled_gradient[f][r / 2][c / 2] * map[r][c] * (1 - map[r][c]);
        float sums[KERNEL][KERNEL] = {0}, bias = 0;
        for (int r = 0; r < MAP; r++)
            for (int c = 0; c < MAP; c++) {
                bias += map[r][c];
                for (int y = 0; y < KERNEL; y++)
                    for (int x = 0; x < KERNEL; x++)
                        sums[y][x] += map[r][c] * image[r + y][c + x];
            }
        gradient->filters[f].bias += bias;
        for (int y = 0; y < KERNEL; y++)
            for (int x = 0; x < KERNEL; x++)
                gradient->filters[f].weights[y][x] += sums[y][x];
    }
    return loss;
}

/* Step once along the gradient of a batch's mean loss, with Nesterov momentum, and return that loss. */
float step(const float images[][SIDE][SIDE], const int64_t *labels, int batch_size, struct network *network,
           struct network *velocity, float rate, float momentum) {
    static struct network gradient;
    float loss = 0;
    memset(&gradient, 0, sizeof gradient);
    for (int i = 0; i < batch_size; i++)
        loss += backpropagate(images[i], labels[i], batch_size, network, &gradient);

    float *p = (float *)network, *v = (float *)velocity, *g = (float *)&gradient;
    for (size_t i = 0; i < sizeof gradient / sizeof *g; i++) {
        v[i] = momentum * v[i] + g[i];
        p[i] -= rate * (g[i] + momentum * v[i]);
    }
    return loss / batch_size;
}
