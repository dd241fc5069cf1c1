{{ config(materialized='table', meta={'grain': 'local_date', 'inputs_context_days': 1}) }}

with messages as (

    select * from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')

),

people as (

    select * from {{ source('inputs', 'addresses') }}

),

company_domains as (

    select * from {{ source('inputs', 'company_domains') }}

),

recipients as (

    select
        local_date,
        message_id,
        sent_at,
        collection,
        site,
        len(recipients) as recipients,
        unnest(recipients) as recipient
    from messages

),

-- Each address once: user@domain, or ROOM/nick for an occupant whose address is unknown; whoever
-- speaks in a room of the company's is nobody else's.
distinct_recipients as (

    select distinct recipient
    from recipients

),

addresses as (

    select
        recipient,
        lower(recipient) as address,
        recipient like '%/%' as is_occupant,
        case
            when recipient like '%@%' then split_part(split_part(recipient, '@', 2), '/', 1)
            else split_part(recipient, '/', 1)
        end as domain
    from distinct_recipients

),

company_addresses as (

    select distinct addresses.recipient
    from addresses
    inner join company_domains
        on
            addresses.domain = company_domains.domain
            or (
                addresses.is_occupant
                and addresses.domain like concat('%.', company_domains.domain)
            )

),

classed_addresses as (

    select
        addresses.recipient,
        addresses.address,
        addresses.domain,
        company_addresses.recipient is null as is_external,
        row_number() over (order by addresses.address, addresses.recipient) as place
    from addresses
    left join company_addresses on addresses.recipient = company_addresses.recipient

),

classed as (

    select
        recipients.local_date,
        recipients.message_id,
        recipients.recipient,
        recipients.recipients,
        classed_addresses.address,
        classed_addresses.domain,
        classed_addresses.place,
        coalesce(people.person_id, 'unknown') as person_id,
        case
            when classed_addresses.is_external then 'external'
            when people.site <> recipients.site then 'between_sites'
            else 'internal'
        end as destination
    from recipients
    inner join classed_addresses on recipients.recipient = classed_addresses.recipient
    left join people
        on
            classed_addresses.address = people.address
            and (people.collection = '' or recipients.collection = people.collection)
            and (people.start_at is null or recipients.sent_at >= people.start_at)
            and (people.end_at is null or recipients.sent_at < people.end_at)

),

-- Most messages have one recipient, who need not be compared with others.
ranked as (

    select
        *,
        true as is_farthest
    from classed
    where recipients = 1
    union all
    select
        *,
        row_number() over (
            partition by message_id
            order by
                case destination when 'external' then 1 when 'between_sites' then 2 else 3 end,
                place
        ) = 1 as is_farthest
    from classed
    where recipients > 1

),

final as (

    select
        local_date,
        message_id,
        recipient,
        address,
        domain,
        person_id,
        destination,
        is_farthest
    from ranked

)

select * from final
