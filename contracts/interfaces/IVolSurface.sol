// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IOptionVault} from "./IOptionVault.sol";
import {Slice} from "./Types.sol";

/// @title IVolSurface
/// @notice The implied volatility surface: one SSVI slice per expiry, posted by keepers and checked when written, so that
/// what is stored never holds a butterfly or calendar arbitrage, and moves no faster than the limits allow.
/// @dev Vols, skews, logarithms and total variances are WAD; times are unix seconds. A slice is rounded towards zero to
/// what one storage slot holds: vol to 1e-10, skew to 1e-11, curvature to 1e-9, carry to 1e-12; checks look at the
/// rounded slice. As time passes θ = σ₀²·T shrinks, and the conditions keep holding (docs/pricing.md).
///
/// A post moves prices at once only against those who trade on it. Beside each posted slice there is a *reference*, which follows it:
/// purchases are priced at the dearer of the two, sales at the cheaper, and LPs enter and leave at the worse. It
/// follows at most `maxFollow` of vol, and a move of the forward by `maxForwardMove`, in `followWindow`, and only as fast as
/// the vault's budget for losses to posts allows (IOptionVault.followSurface): whoever holds the poster's key, and whoever
/// trades around an honest post, gains no more than that budget (docs/pricing.md).
interface IVolSurface {
    /// @notice What a post must respect.
    /// @param minVol,maxVol range of σ₀
    /// @param maxSkew largest |ρ|, below 1e18
    /// @param maxCarry largest |b|
    /// @param maxVolStep largest change of σ₀ from one post of an expiry to the next
    /// @param maxSkewStep largest change of ρ
    /// @param maxWingStep largest change of φ√θ, the curvature in units of the slice's own deviation
    /// @param maxCarryStep largest change of b
    /// @param maxCurvature largest φ
    /// @param minInterval seconds that must lie between two posts of one expiry
    /// @param maxAge seconds after which a slice counts as stale
    /// @param maxTenor how far ahead an expiry may lie, seconds
    /// @param maxExpiries how many slices may be live
    /// @param maxFollow how far a reference may follow within the window, in vol
    /// @param maxForwardMove how far it may move its forward within the window, WAD share of it
    /// @param followWindow seconds
    struct SurfaceBounds {
        uint64 minVol;
        uint64 maxVol;
        uint64 maxSkew;
        uint64 maxCarry;
        uint64 maxVolStep;
        uint64 maxSkewStep;
        uint64 maxWingStep;
        uint64 maxCarryStep;
        uint128 maxCurvature;
        uint32 minInterval;
        uint32 maxAge;
        uint32 maxTenor;
        uint8 maxExpiries;
        uint64 maxFollow;
        uint64 maxForwardMove;
        uint32 followWindow;
    }

    /// @notice What an expiry is priced by. @param posted The slice. @param anchor Its reference, if it `lags`.
    /// @param updatedAt When the slice was posted. @param frozen Whether a guardian has frozen the surface since then.
    struct Quoted {
        Slice posted;
        Slice anchor;
        uint256 updatedAt;
        bool lags;
        bool frozen;
    }

    event SlicePosted(uint256 indexed expiry, uint256 atmVol, int256 skew, uint256 curvature, int256 carry);
    event ReferenceMoved(uint256 indexed expiry, uint256 atmVol, int256 skew, uint256 curvature, int256 carry);
    event LimitsSet(SurfaceBounds limits);
    event VaultSet(IOptionVault vault);
    /// @notice What was posted until now opens nothing and is not followed, until it is posted anew.
    event Frozen(address account);

    /// @notice `expiries` and `slices` differ in length.
    error LengthMismatch(uint256 expiries, uint256 slices);
    /// @notice Expiries must be given in ascending order, each once.
    error ExpiriesNotAscending(uint256 previous, uint256 next);
    /// @notice The expiry is not in the future.
    error ExpiryPassed(uint256 expiry, uint256 time);
    /// @notice The expiry is further away than the limits allow.
    error ExpiryTooFar(uint256 expiry, uint256 latest);
    /// @notice More live expiries than the limits allow.
    error TooManyExpiries(uint256 count, uint256 limit);
    /// @notice The expiry was posted too short a time ago.
    error PostTooSoon(uint256 expiry, uint256 earliest);

    /// @notice A value is outside its range.
    error VolOutOfBounds(uint256 expiry, uint256 vol, uint256 min, uint256 max);
    error SkewOutOfBounds(uint256 expiry, int256 skew, uint256 max);
    error CurvatureOutOfBounds(uint256 expiry, uint256 curvature, uint256 max);
    error CarryOutOfBounds(uint256 expiry, int256 carry, uint256 max);

    /// @notice A value would move further in one post than its limit.
    error VolStepTooLarge(uint256 expiry, uint256 step, uint256 max);
    error SkewStepTooLarge(uint256 expiry, uint256 step, uint256 max);
    error WingStepTooLarge(uint256 expiry, uint256 step, uint256 max);
    error CarryStepTooLarge(uint256 expiry, uint256 step, uint256 max);

    error OnlyVault(address caller);

    /// @notice ψ(1 + |ρ|) is not below 4, or ψφ(1 + |ρ|) is above 4 (WAD): a butterfly would have a negative price.
    error ButterflyArbitrage(uint256 expiry, uint256 slope, uint256 bend);
    /// @notice Total variance would fall from one expiry to the next: ATM (θ), in a wing (θφ(1 ± ρ)) or since φ rises.
    error CalendarArbitrage(uint256 nearExpiry, uint256 farExpiry);

    /// @notice No live slice at this expiry, or for interpolation none at or after it.
    error NoSlice(uint256 expiry);
    /// @notice The limits contradict each other or exceed what a slot can hold.
    error InvalidLimits();

    /// @notice Writes slices and drops expired ones. All checks look at the surface as it is after the whole post.
    /// @dev Role: poster. An expiry's first slice is held to `maxVolStep`, measured from what its neighbours say: between two,
    /// the mean that interpolation gives; before the first or after the last, that one. Its reference starts no
    /// cheaper than theirs. On an empty surface bounds and arbitrage conditions alone apply. Slices of expiries without listed
    /// series, posted in other blocks, bind nobody: where they are in the way they are dropped. Going back to the reference is
    /// never a step too far. References follow first, if the vault has a price.
    function post(uint256[] calldata expiries, Slice[] calldata slices) external;

    /// @notice Moves references: of each, `portions` (WAD, at most 1) of what {moveOf} gives. Only the vault.
    function advance(uint256[] calldata expiries, uint256[] calldata portions) external;

    /// @notice From now on, until they are posted anew, slices open nothing, and references do not follow them. Role: revoker.
    function freeze() external;

    /// @notice Whose book is priced by this surface: it says which expiries are listed and how fast references follow. Role: governor.
    function setVault(IOptionVault vault) external;

    /// @notice Role: governor.
    function setLimits(SurfaceBounds calldata limits) external;

    function limits() external view returns (SurfaceBounds memory);

    /// @notice How many posts there have been: a mark made at another version is of another surface. One storage read.
    function version() external view returns (uint256);

    function vault() external view returns (IOptionVault);

    /// @notice When a guardian last froze the surface, unix seconds; zero for never.
    function frozenAt() external view returns (uint256);

    /// @notice The slice of a live expiry with its reference.
    function quoted(uint256 expiry) external view returns (Quoted memory);

    /// @notice Where the reference of a live expiry is, and where time alone would let it follow to by now.
    function moveOf(uint256 expiry) external view returns (Slice memory from, Slice memory to);

    /// @notice The slice of a live expiry and when it was posted. One storage read.
    function sliceOf(uint256 expiry) external view returns (Slice memory, uint256 updatedAt);

    /// @notice Live expiries, ascending.
    function expiries() external view returns (uint256[] memory);

    /// @notice Whether the slices that answer for this expiry include one older than `maxAge`, or there are none.
    function isStale(uint256 expiry) external view returns (bool);

    /// @notice Forward at an expiry, given spot: spot·exp(b·T). Between slices b·T is linear in time; before the first b
    /// is the first's.
    function forward(uint256 expiry, uint256 spot) external view returns (uint256);

    /// @notice Implied vol at an expiry and strike, given spot.
    /// @dev Between two slices total variance is linear in time at the same ln(strike/forward), which keeps it growing.
    /// Before the first slice vol is the first slice's: its own surface at an earlier time, free of arbitrage as it
    /// was. After the last one there is no answer but `NoSlice`, as growing θ could break the butterfly condition.
    function impliedVol(uint256 expiry, uint256 strike, uint256 spot) external view returns (uint256);

    /// @notice Total variance, interpolated likewise; rounded down.
    function totalVariance(uint256 expiry, uint256 strike, uint256 spot) external view returns (uint256);
}
