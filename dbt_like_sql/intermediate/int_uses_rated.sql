{{ config(materialized='table', meta={'grain': 'local_date'}) }}

with messages as (

    select * from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')

),

-- Large tables are read anew by each who needs a part of them: that is less than to keep them.
instants as (

    select sent_at from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')

),

contents as (

    select * from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')

),

farthest as (

    select * from {{ ref('int_deliveries_located') }}
    where is_farthest

),

deliveries as (

    select * from {{ ref('int_deliveries_located') }}

),

classed_addresses as (

    select * from {{ ref('int_addresses_classed') }}

),

payers as (

    select * from {{ ref('int_plans_assigned') }}

),

offers as (

    select * from {{ source('inputs', 'offers') }}

),

rates as (

    select * from {{ source('inputs', 'rates') }}

),

allowances as (

    select * from {{ source('inputs', 'allowances') }}

),

prefixes as (

    select * from {{ source('inputs', 'prefixes') }}

),

time_classes as (

    select * from {{ source('inputs', 'time_classes') }}

),

holidays as (

    select * from {{ source('inputs', 'holidays') }}

),

-- 1. Small tables, so that uses find their plan, time and rate by equality.
site_days as (

    select distinct
        local_date,
        site
    from payers

),

day_kinds as (

    select
        site_days.local_date,
        site_days.site,
        case
            when holidays.site is not null then 'holiday'
            else
                case extract(isodow from site_days.local_date)
                    when 1 then 'mon'
                    when 2 then 'tue'
                    when 3 then 'wed'
                    when 4 then 'thu'
                    when 5 then 'fri'
                    when 6 then 'sat'
                    else 'sun'
                end
        end as day_kind
    from site_days
    left join holidays on site_days.site = holidays.site and site_days.local_date = holidays.date

),

payers_on_days as (

    select
        payers.*,
        day_kinds.day_kind
    from payers
    inner join day_kinds
        on payers.local_date = day_kinds.local_date and payers.site = day_kinds.site

),

plan_days as (

    select distinct
        local_date,
        plan
    from payers

),

allowed as (

    select distinct
        plan_days.local_date,
        allowances.plan,
        allowances.usage_type
    from plan_days
    inner join allowances
        on
            plan_days.plan = allowances.plan
            and (allowances.valid_from is null or plan_days.local_date >= allowances.valid_from)
            and (allowances.valid_to is null or plan_days.local_date < allowances.valid_to)

),

prices as (

    select
        plan_days.local_date,
        offers.plan,
        offers.usage_type,
        offers.destination,
        offers.time_class,
        rates.rate_id,
        rates.is_counted or allowed.plan is not null as is_counted,
        rates.unit_steps,
        rates.rounding
    from plan_days
    inner join offers
        on
            plan_days.plan = offers.plan
            and (offers.valid_from is null or plan_days.local_date >= offers.valid_from)
            and (offers.valid_to is null or plan_days.local_date < offers.valid_to)
    inner join rates on offers.rate_id = rates.rate_id
    left join allowed
        on
            plan_days.local_date = allowed.local_date
            and offers.plan = allowed.plan
            and offers.usage_type = allowed.usage_type

),

-- Every plan has messages and file transfers; a rate of them that is missing has to be seen.
plan_types as (

    select
        plan,
        'message' as kind,
        'message' as usage_type
    from plan_days
    union
    select
        plan,
        'file_transfer' as kind,
        'file_transfer' as usage_type
    from plan_days
    union
    select
        plan,
        'file_transfer' as kind,
        usage_type
    from prices
    where usage_type in ('kilobyte', 'file_megabyte', 'delivery', 'conversation', 'active_person')
    union
    select
        plan,
        'message' as kind,
        usage_type
    from prices
    where usage_type in ('kilobyte', 'delivery', 'conversation', 'active_person')

),

-- 2. Addresses, each once, with the longest prefix that a plan has a rate for.
addresses as (

    select distinct
        archived_address,
        address,
        domain
    from classed_addresses
    where exists (select 1 from prefixes)

),

prefixed as (

    select
        prefixes.plan,
        prefixes.usage_type,
        prefixes.prefix,
        addresses.archived_address,
        row_number() over (
            partition by prefixes.plan, prefixes.usage_type, addresses.archived_address
            order by length(prefixes.prefix) desc, prefixes.is_domain
        ) as place
    from addresses
    inner join prefixes
        on
            (not prefixes.is_domain and starts_with(addresses.address, prefixes.prefix))
            or (
                prefixes.is_domain
                and starts_with(concat('@', lower(addresses.domain)), prefixes.prefix)
            )

),

-- What was sent at one instant has an order too, by its content: an allowance or a tier must not
-- pass from one to another because archives came in another way. Few messages share an instant.
shared_instants as (

    select sent_at
    from instants
    group by sent_at
    having count(*) > 1

),

turns as (

    select
        contents.message_id,
        row_number() over (
            partition by contents.local_date, contents.sent_at
            order by
                contents.sender,
                array_to_string(contents.recipients, ' '),
                coalesce(contents.conversation_id, ''),
                contents.kind,
                coalesce(contents.body_bytes, 0),
                coalesce(contents.file_bytes, 0),
                contents.site,
                contents.message_id
        ) as turn
    from contents
    inner join shared_instants on contents.sent_at = shared_instants.sent_at

),

conversation_plans as (

    select distinct plan
    from plan_types
    where usage_type = 'conversation'

),

planned as (

    select
        messages.local_date,
        messages.local_quarter,
        messages.message_id,
        messages.sent_at,
        coalesce(turns.turn, 1) as turn,
        messages.kind,
        messages.body_bytes,
        messages.file_bytes,
        case
            when conversation_plans.plan is not null
                then
                    coalesce(
                        messages.conversation_id,
                        array_to_string(
                            list_sort(
                                list_distinct(list_append(messages.recipients, messages.sender))
                            ),
                            ' '
                        )
                    )
        end as conversation,
        payers_on_days.payer,
        payers_on_days.person_id,
        payers_on_days.plan,
        payers_on_days.day_kind
    from messages
    inner join payers_on_days
        on
            messages.local_date = payers_on_days.local_date
            and messages.person_id = payers_on_days.person_id
            and messages.name = payers_on_days.name
            and messages.site = payers_on_days.site
            and messages.department = payers_on_days.department
            and messages.cost_centre = payers_on_days.cost_centre
    left join turns on messages.message_id = turns.message_id
    left join conversation_plans on payers_on_days.plan = conversation_plans.plan

),

-- 3. What every message uses: a delivery for each recipient, all else as far as the farthest.
targets as (

    select
        message_id,
        false as is_delivery,
        recipient as archived_address,
        '' as recipient,
        0 as place,
        destination
    from farthest
    union all
    select
        message_id,
        true as is_delivery,
        recipient as archived_address,
        recipient,
        row_number() over (partition by message_id order by recipient) as place,
        destination
    from deliveries
    where
        exists (
            select 1 from plan_types
            where usage_type = 'delivery'
        )

),

uses as (

    select
        planned.*,
        plan_types.usage_type,
        coalesce(targets.recipient, '') as recipient,
        coalesce(targets.place, 0) as place,
        targets.archived_address,
        coalesce(targets.destination, 'internal') as class
    from planned
    inner join plan_types on planned.plan = plan_types.plan and planned.kind = plan_types.kind
    left join targets
        on
            planned.message_id = targets.message_id
            and (plan_types.usage_type = 'delivery') = targets.is_delivery
    where plan_types.usage_type <> 'delivery' or targets.message_id is not null

),

-- 4. Its rate, by day, time and destination.
measured as (

    select
        uses.*,
        case when uses.usage_type = 'active_person' then 'none' else uses.class end as use_class,
        case
            when uses.usage_type = 'active_person' then 'none'
            when prefixed.prefix is not null then concat('prefix:', prefixed.prefix)
            else uses.class
        end as use_destination,
        case
            when uses.usage_type = 'active_person' then 'none'
            else time_classes.time_class
        end as use_time,
        case uses.usage_type
            when 'kilobyte' then cast(coalesce(uses.body_bytes, 0) as bigint)
            when 'file_megabyte'
                then least(coalesce(uses.file_bytes, 0), {{ var('largest_file_bytes') }})
            else 1
        end as quantity,
        case uses.usage_type
            when 'conversation' then uses.conversation
            when 'active_person' then concat(uses.plan, '/', uses.person_id)
        end as once_key
    from uses
    inner join time_classes
        on uses.day_kind = time_classes.day_kind and uses.local_quarter = time_classes.quarter
    left join prefixed
        on
            uses.plan = prefixed.plan
            and uses.usage_type = prefixed.usage_type
            and uses.archived_address = prefixed.archived_address
            and prefixed.place = 1

),

final as (

    select
        measured.local_date,
        measured.message_id,
        measured.recipient,
        measured.usage_type,
        measured.sent_at,
        measured.turn,
        measured.place,
        measured.payer,
        measured.use_class as destination,
        measured.once_key,
        prices.rate_id,
        case prices.rounding
            when 'down' then measured.quantity // prices.unit_steps
            when 'half_up'
                then (2 * measured.quantity + prices.unit_steps) // (2 * prices.unit_steps)
            else (measured.quantity + prices.unit_steps - 1) // prices.unit_steps
        end as steps,
        prices.is_counted or measured.once_key is not null as is_counted
    from measured
    left join prices
        on
            measured.local_date = prices.local_date
            and measured.plan = prices.plan
            and measured.usage_type = prices.usage_type
            and measured.use_destination = prices.destination
            and measured.use_time = prices.time_class

)

select * from final
